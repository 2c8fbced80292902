/** The most that one PutObject, UploadPart or POST form takes: 5 GiB. */
export const MAX_UPLOAD_BYTES = 5 * 1024 ** 3;
