export { ECHO, type Echo, ITEMS, openEcho } from './echo.ts';
