/* Every bound on what comes from outside, in one view.
 *
 * Mail, SMTP, directory answers and HTTP are hostile: nothing is allocated, copied or recursed into
 * by a number that they choose. The configuration may lower some of these; none can be raised.
 */
#pragma once

/* One milter packet, so one header field. libmilter's own bound of 64 KiB would end the session. */
#define LIMIT_MILTER_PACKET      (1024 * 1024)
#define LIMIT_HEADER_BYTES       (2 * 1024 * 1024) /* all header fields of a message; the rest is not read */
#define LIMIT_HEADER_COUNT       2000              /* fields that are looked at */
#define LIMIT_HEADER_VALUE       (16 * 1024)       /* octets of one field that are looked at */
#define LIMIT_HEADER_NAME        256               /* octets; a line with a longer one is not a field */
#define LIMIT_ENCODED_WORDS      1000              /* RFC 2047, of one field; a field with more is not decoded */
#define LIMIT_ENCODED_WORDS_ALL  10000             /* of a message; fields behind them are not decoded */
#define LIMIT_PART_HEADER_COUNT  100               /* fields of one MIME part that are looked at */
#define LIMIT_ADDRESS_FIELD      (8 * 1024)        /* octets of a From field; a longer one names nobody */
#define LIMIT_ADDRESS_NESTING    500               /* ":" and "(" in one address field: the parser recurses */
#define LIMIT_AUTH_RESULTS       50                /* results of one Authentication-Results field */
#define LIMIT_EMBEDDED_PART      (64 * 1024)       /* octets of a report's part searched for Message-IDs */
#define LIMIT_EMBEDDED_IDS       20
#define LIMIT_BOUNCE_RECIPIENTS  50                /* that a delivery report tells of */
#define LIMIT_BOUNCE_TEXT        (64 * 1024)       /* octets of a delivery report's fields that are looked at */
#define LIMIT_BOUNCE_WORDS       1000              /* characters of what a server said */
#define LIMIT_RECIPIENTS         1000              /* recipients of roles in a transaction; later ones get 452 */
#define LIMIT_STRANGERS          100               /* other recipients that are remembered: who gets an agent's answer */
#define LIMIT_MEMORY_BODY        (64 * 1024)       /* of a raw message in memory; beyond it a file */
#define LIMIT_STORED_INLINE      (64 * 1024)       /* of a raw message inside the database; beyond it a file */
#define LIMIT_MIME_DEPTH         20
#define LIMIT_MIME_PARTS         1000
#define LIMIT_PART_FIELD         4096              /* octets of one field of a part that are kept */
#define LIMIT_FILE_NAME          200               /* octets of the name that an attachment is saved by */
#define LIMIT_HTML               (256 * 1024)      /* octets of one text part that are read */
#define LIMIT_HTML_DEPTH         256               /* open elements, past which reading begins anew */
#define LIMIT_HTML_TAG           (16 * 1024)       /* octets of one tag; a longer one is passed over */
#define LIMIT_HTML_LINKS         200               /* links whose target is shown */
#define LIMIT_REFERENCES         50                /* Message-IDs of In-Reply-To and References that are looked up */
#define LIMIT_MESSAGE_ID         250               /* octets; RFC 5322 lines hold 998, real ones stay far below */
#define LIMIT_ADDRESS            320               /* octets: 64 local + @ + 255, RFC 5321 4.5.3.1 */
#define LIMIT_SUBJECT            256               /* characters kept for tickets and letters */
#define LIMIT_NAME               128               /* characters of a display name */
#define LIMIT_PARTICIPANTS       50
#define LIMIT_ANSWER_OCTETS      (40 * 1024 * 1024) /* of an agent's mail that answers a customer: its letter is made in memory */
#define LIMIT_SPLIT              100               /* messages that make a new ticket at once */
#define LIMIT_DIRECTIVES         20                /* command lines of one agent's mail */
#define LIMIT_LETTER             (64 * 1024)       /* a rendered letter */
#define LIMIT_EXCERPT            2000              /* characters of a value of several lines in a letter */
#define LIMIT_PAGES_OF_CHANNEL   3                 /* claimed at a time; some more are on their way at once at most */
#define LIMIT_PAGE_LIST          1900              /* octets of the list in a page; fits LIMIT_EXCERPT with its last line */
#define LIMIT_ANSWER             16000             /* characters of an agent's answer; fits LIMIT_LETTER in any alphabet */
#define LIMIT_SAID               (256 * 1024)      /* octets of a ticket's latest messages of which such an answer may quote */
#define LIMIT_DIRECTORY_VALUE    512               /* octets of one attribute */
#define LIMIT_DIRECTORY_CACHE    100000            /* answers of an LDAP directory kept */
#define LIMIT_TABLE_HANDLES      64                /* look-ups in the embedded table at once */
#define LIMIT_RECEIVED_HOPS      30                /* Received fields, RFC 5321 6.3 */
#define LIMIT_SMTP_REPLY         480               /* octets of our SMTP answers' text */
#define LIMIT_CSV_LINE           (8 * 1024)
#define LIMIT_ERROR_TEXT         500               /* of a failure kept with an outbox row */
#define LIMIT_COMMAND_OUTPUT     (4 * 1024)
#define LIMIT_GATEWAY_ANSWER     (64 * 1024)       /* octets of what a gateway says that are looked at */
#define LIMIT_LINK               1024              /* characters of a link in a letter */
#define LIMIT_SECRET             4096              /* octets of a channel's key */
#define LIMIT_SPOKEN             480               /* octets that a call says */
#define LIMIT_RETRY_AFTER        600               /* seconds for which a gateway can put a page off */
#define LIMIT_PAGE_LINK_DAYS     7                 /* for which a page's link and reply address are good */
#define LIMIT_CALENDAR_DAYS      3660              /* days in which a calendar is searched for open time */
#define LIMIT_CALENDAR_DATE      1000000           /* days from 1970 that are told apart */
#define LIMIT_HOLIDAY_FILE       (1024 * 1024)     /* octets */
#define LIMIT_HOLIDAYS           50000             /* days, all years */
#define LIMIT_HOLIDAY_DAYS       366               /* of one event */
#define LIMIT_HOLIDAY_YEAR       2100              /* yearly holidays are written out so far */
#define LIMIT_SHIFT_FILE         (4 * 1024 * 1024) /* octets of an on-call calendar */
#define LIMIT_SHIFTS             100000            /* of one schedule */
#define LIMIT_SHIFT_DAYS         366               /* of one shift */
#define LIMIT_SHIFT_AHEAD        3660              /* days from now on: so far recurring shifts are written out */
#define LIMIT_UNKNOWN_NAMES      20                /* of a calendar's events, told one by one */
#define LIMIT_TURN               1000              /* units that a rotation's turn lasts */
#define LIMIT_CONFIG_FILE        (16 * 1024 * 1024) /* octets */
#define LIMIT_INCLUDE_DEPTH      10                /* files that include each other */
#define LIMIT_REPORT_BREACHES    1000              /* ticket numbers that a report names for one target of one group */
#define LIMIT_EARLIER_TICKETS    1000              /* of a customer, looked at for the same subject */
#define LIMIT_WEB_THREADS        4
#define LIMIT_WEB_CONNECTIONS    64                /* at once */
#define LIMIT_WEB_CONNECTIONS_OF 8                 /* of one address that is no proxy */
#define LIMIT_WEB_HEAD           (16 * 1024)       /* octets of a request line and its header fields, and what is kept with them */
#define LIMIT_WEB_BODY           (32 * 1024)       /* octets of a request's body */
#define LIMIT_WEB_FIELDS         100               /* of a query or a form */
#define LIMIT_WEB_REQUEST_TIME   10                /* seconds until a request is there whole */
#define LIMIT_WEB_ANSWER_TIME    30                /* seconds from then until its answer is taken */
#define LIMIT_WEB_BURST          60                /* requests of one client at once */
#define LIMIT_WEB_RATE           2                 /* a second after that */
#define LIMIT_WEB_CLIENTS        10000             /* whose requests are counted */
#define LIMIT_WEB_CONTENT        (32 * 1024)       /* octets of what a web page tells; fits LIMIT_LETTER with its frame */
#define LIMIT_WEB_SIGNATURE_AGE  300               /* seconds for which a signed hook is good */
#define LIMIT_WEB_REPLIES        20                /* SMS an hour that one number gets for its own */
#define LIMIT_WEB_DUTIES         5000              /* of one agent in an on-call feed */
