#include "mail/gmime.h"

/* g_mime_init() counts its callers and lets the second go on while the first still registers types, so only one may ask. */
void
gmime_start (void)
{
  static gsize started;
  if (g_once_init_enter (&started))
    {
      g_mime_init ();
      g_once_init_leave (&started, 1);
    }
}
