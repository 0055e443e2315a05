/**
 * What is used of Google's library, which is CommonJS: rolldown 1.2 writes an `import()` of such a module wrongly if others use a part of
 * it too.
 */
export { ExternalAccountAuthorizedUserClient, GoogleAuth, gaxios, JWT, UserRefreshClient } from 'google-auth-library';
