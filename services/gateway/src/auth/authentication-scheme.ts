/** How a request says who it comes from. */
export type AuthenticationScheme = 'v4-header' | 'v4-query' | 'v2-header' | 'v2-query' | 'anonymous';
