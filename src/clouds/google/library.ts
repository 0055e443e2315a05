/** What is used of Google's library. */
export { ExternalAccountAuthorizedUserClient, GoogleAuth, gaxios, JWT, UserRefreshClient } from 'google-auth-library';
