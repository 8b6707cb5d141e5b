/** As `AppName` in the API's schemas, whose module would bring the whole validator into the browser. */
export const APP_NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;
