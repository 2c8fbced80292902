/** The `User-Agent` of requests that the operator sends with the key of a bucket: they are no use of the key by its app. */
export const OPERATOR_USER_AGENT = 'bucketway-operator';
