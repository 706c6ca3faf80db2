/** This program's own version; a test holds it against package.json. */
export const VERSION = '0.1.0';

/** The osquery whose tables, flags and log lines these are. Packs and servers compare it: `osquery_info.version`. */
export const OSQUERY_VERSION = '5.23.0';
