export { ECHO, ITEMS, openEcho } from './echo.ts';
