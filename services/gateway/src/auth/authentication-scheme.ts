/** How the headers or the query of a request say who it comes from. */
export type RequestScheme = 'v4-header' | 'v4-query' | 'v2-header' | 'v2-query' | 'anonymous';

/** How a request says who it comes from: as {@link RequestScheme}, or in the fields of a form. */
export type AuthenticationScheme = RequestScheme | 'v4-form' | 'v2-form';
