#include "directory/contact.h"

Contact *
contact_new (void)
{
  return g_atomic_rc_box_new0 (Contact);
}

Contact *
contact_ref (Contact *contact)
{
  return g_atomic_rc_box_acquire (contact);
}

Contact *
contact_copy (const Contact *contact)
{
  Contact *copy = contact_new ();
  *copy = (Contact){ .mail = g_strdup (contact->mail),
                     .name = g_strdup (contact->name),
                     .organization = g_strdup (contact->organization),
                     .customer = g_strdup (contact->customer),
                     .language = g_strdup (contact->language),
                     .level = g_strdup (contact->level),
                     .suspended = contact->suspended,
                     .by_domain = contact->by_domain };
  return copy;
}

static void
contact_clear (Contact *contact)
{
  g_free (contact->mail);
  g_free (contact->name);
  g_free (contact->organization);
  g_free (contact->customer);
  g_free (contact->language);
  g_free (contact->level);
}

void
contact_free (Contact *contact)
{
  g_atomic_rc_box_release_full (contact, (GDestroyNotify) contact_clear);
}
