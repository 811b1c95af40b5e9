/* guests: the connections that are open, bounded in number for each address and in time. Any thread may call. */
#pragma once

#include <glib.h>

typedef struct Guests Guests;
typedef struct Guest Guest;

/* Starts a thread that ends connections whose time is up. */
Guests *guests_new (void);
/* After the last guests_leave(). */
void guests_free (Guests *guests);

/* FALSE when KEY has as many connections as one address may have. */
gboolean guests_may_enter (Guests *guests, const char *key);

/* The connection of SOCKET is KEY's (nullable: not counted) until guests_leave(), before which SOCKET must not be
 * closed. */
Guest *guests_enter (Guests *guests, const char *key, int socket);
void guests_leave (Guests *guests, Guest *guest);

/* Its request is there, and its time for the answer begins. */
void guests_serve (Guests *guests, Guest *guest);
