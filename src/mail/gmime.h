/* gmime: what the library GMime needs around it. Every file of this room that uses GMime includes this, not GMime's own
 * header. */
#pragma once

#include <gmime/gmime.h>

/* GMime 3 does not define these itself. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMimeStream, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMimeFilter, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMimeContentType, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (InternetAddressList, g_object_unref)

/* Makes GMime ready, once for the whole program; to be called before anything of GMime is used. From any thread. */
void gmime_start (void);
