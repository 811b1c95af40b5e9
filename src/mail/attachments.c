#include "mail/attachments.h"

#include <string.h>

#include "config/limits.h"

void
attachment_free (Attachment *attachment)
{
  g_free (attachment->name);
  g_free (attachment->type);
  g_free (attachment->digest);
  g_free (attachment);
}

void
attachments_free (Attachments *attachments)
{
  if (attachments == NULL)
    return;
  parts_free (attachments->parts);
  g_ptr_array_unref (attachments->list);
  g_free (attachments->security);
  g_free (attachments);
}

/* ---- names ---- */

/* What some programs put where RFC 2231 wants its own form: encoded words. */
static char *
decode_name (const char *name)
{
  g_autofree char *decoded =
      name != NULL && strstr (name, "=?") != NULL ? g_mime_utils_header_decode_text (NULL, name) : g_strdup (name);
  gboolean open = decoded != NULL && *decoded == '"'; /* a quotation mark that nothing closes */
  return text_clean (open ? decoded + 1 : decoded, LIMIT_NAME);
}

static char *
parameter_of_disposition (const char *field)
{
  g_autofree char *text = headers_repair (field, -1);
  GMimeContentDisposition *disposition = g_mime_content_disposition_parse (NULL, text);
  char *name =
      decode_name (disposition != NULL ? g_mime_content_disposition_get_parameter (disposition, "filename") : NULL);
  g_clear_object (&disposition);
  return name;
}

static char *
parameter_of_type (const char *field, const char *name)
{
  g_autofree char *text = headers_repair (field, -1);
  g_autoptr (GMimeContentType) type = g_mime_content_type_parse (NULL, text);
  return decode_name (type != NULL ? g_mime_content_type_get_parameter (type, name) : NULL);
}

static gboolean
add_piece (const char *data, gsize length, gpointer user)
{
  GString *octets = user;
  g_string_append_len (octets, data, (gssize) MIN (length, LIMIT_HEADER_VALUE - octets->len));
  return octets->len < LIMIT_HEADER_VALUE;
}

/* The subject of a message within the message, or "". */
static char *
inner_subject (const RawMessage *raw, const Part *part)
{
  g_autoptr (RawMessage) inner = raw_message_new (g_get_tmp_dir ());
  GString *octets = g_string_new (NULL);
  gboolean beyond = FALSE;
  parts_each_piece (raw, part, add_piece, octets);
  raw_message_append (inner, octets->str, octets->len, NULL);
  g_string_free (octets, TRUE);
  g_autoptr (Lines) lines = lines_new (inner);
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  const RawField *subject = headers_find (fields, "Subject");
  return subject != NULL ? headers_decode (subject, LIMIT_ENCODED_WORDS, LIMIT_NAME) : g_strdup ("");
}

static const char *
ending (const char *type)
{
  static const struct {
    const char *type, *ending;
  } endings[] = {
    { "text/plain", "txt" }, { "text/html", "html" }, { "text/calendar", "ics" }, { "text/csv", "csv" },
    { "text/vcard", "vcf" },
    { "text/x-vcard", "vcf" }, { "text/rfc822-headers", "txt" }, { "message/delivery-status", "txt" },
    { "message/rfc822", "eml" },
    { "message/global", "eml" }, { "application/pdf", "pdf" }, { "application/zip", "zip" },
    { "application/ms-tnef", "dat" },
    { "application/pgp-signature", "asc" }, { "application/pgp-encrypted", "asc" },
    { "application/pkcs7-signature", "p7s" },
    { "application/x-pkcs7-signature", "p7s" }, { "application/pkcs7-mime", "p7m" },
    { "application/x-pkcs7-mime", "p7m" },
    { "application/msword", "doc" }, { "application/json", "json" }, { "application/xml", "xml" },
    { "image/jpeg", "jpg" }, { "image/png", "png" },
    { "image/gif", "gif" }, { "image/tiff", "tif" }, { "audio/mpeg", "mp3" }, { "audio/wav", "wav" },
    { "video/mp4", "mp4" },
    { "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" },
    { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_equal (type, endings[i].type))
      return endings[i].ending;
  return "bin";
}

static char *
choose_name (const RawMessage *raw, const Part *part, guint number)
{
  g_autofree char *name = parameter_of_disposition (part->disposition);
  if (*name == '\0')
    {
      g_free (name);
      name = parameter_of_type (part->content_type, "name");
    }
  if (*name != '\0')
    return g_steal_pointer (&name);
  if (g_str_equal (part->type, "application/ms-tnef"))
    return g_strdup ("winmail.dat");
  g_autofree char *subject =
      g_str_has_prefix (part->type, "message/rfc822") ? inner_subject (raw, part) : g_strdup ("");
  if (*subject != '\0')
    return g_strconcat (subject, ".eml", NULL);
  return g_strdup_printf ("part-%u.%s", number, ending (part->type));
}

static gboolean
is_device (const char *name)
{
  static const char *const devices[] = { "con", "prn", "aux", "nul", "com", "lpt", "clock$", "conin$", "conout$" };
  gsize length = strcspn (name, ".");
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      gsize of = strlen (devices[i]);
      gboolean numbered = g_str_equal (devices[i], "com") || g_str_equal (devices[i], "lpt");
      if (g_ascii_strncasecmp (name, devices[i], of) == 0 && length == of + numbered &&
          (!numbered || g_ascii_isdigit (name[of])))
        return TRUE;
    }
  return FALSE;
}

/* Cuts NAME to LIMIT_FILE_NAME octets; its ending stays, as it says what opens the file. */
static void
shorten (GString *name)
{
  if (name->len <= LIMIT_FILE_NAME)
    return;
  const char *dot = strrchr (name->str, '.');
  g_autofree char *tail = g_strdup (dot != NULL && strlen (dot) <= 16 ? dot : "");
  const char *cut = g_utf8_find_prev_char (name->str, name->str + LIMIT_FILE_NAME - strlen (tail) + 1);
  g_string_truncate (name, (gsize) (cut - name->str));
  g_string_append (name, tail);
}

char *
attachments_safe_name (const char *name)
{
  g_autofree char *clean = text_clean (name, LIMIT_FILE_NAME);
  const char *slash = strrchr (clean, '/'), *back = strrchr (clean, '\\');
  const char *base = back != NULL && (slash == NULL || back > slash) ? back + 1 : slash != NULL ? slash + 1 : clean;
  GString *safe = g_string_new (NULL);
  base += strspn (base, ". -~");
  for (; *base != '\0'; base = g_utf8_next_char (base))
    {
      gunichar c = g_utf8_get_char (base);
      gboolean bad =
          c < ' ' || c == 0x7f || (c < 0x80 && strchr ("<>:\"|?*$`&;!'", (int) c) != NULL) || !g_unichar_isprint (c);
      g_string_append_unichar (safe, bad ? '_' : c);
    }
  shorten (safe);
  while (safe->len > 0 && strchr (". ", safe->str[safe->len - 1]) != NULL)
    g_string_truncate (safe, safe->len - 1);
  if (safe->len == 0)
    g_string_assign (safe, "file");
  if (is_device (safe->str))
    g_string_prepend_c (safe, '_');
  return g_string_free (safe, FALSE);
}

/* ---- octets ---- */

typedef struct {
  PartPiece piece;
  gpointer user;
  gboolean cr;  /* a CR alone ends a line */
  guint held;   /* CRs that an LF may follow */
} LineEnds;

static void
release (LineEnds *ends, GString *out)
{
  for (; ends->held > 0; ends->held--)
    g_string_append_c (out, ends->cr ? '\n' : '\r');
}

/* The line ends of a part that is not encoded are the transport's, and not the file's. */
static gboolean
unify_line_ends (const char *data, gsize length, gpointer user)
{
  LineEnds *ends = user;
  gboolean wanted;
  GString *out = g_string_sized_new (length);
  for (const char *at = data, *end = data + length; at < end;)
    {
      const char *cr = memchr (at, '\r', (gsize) (end - at));
      if (cr == at)
        {
          ends->held++;
          at++;
          continue;
        }
      if (*at == '\n')
        ends->held = 0;
      release (ends, out);
      g_string_append_len (out, at, (cr != NULL ? cr : end) - at);
      at = cr != NULL ? cr : end;
    }
  wanted = out->len == 0 || ends->piece (out->str, out->len, ends->user);
  g_string_free (out, TRUE);
  return wanted;
}

static void
each_piece (const RawMessage *raw, const Part *part, PartPiece piece, gpointer user)
{
  LineEnds ends = { .piece = piece, .user = user, .cr = part->cr };
  if (part->encoding == GMIME_CONTENT_ENCODING_BASE64 || part->encoding == GMIME_CONTENT_ENCODING_UUENCODE)
    {
      parts_each_piece (raw, part, piece, user);
      return;
    }
  parts_each_piece (raw, part, unify_line_ends, &ends);
  GString *last = g_string_new (NULL);
  release (&ends, last);
  if (last->len > 0)
    piece (last->str, last->len, user);
  g_string_free (last, TRUE);
}

void
attachments_each_piece (const RawMessage *raw, const Attachments *attachments, const Attachment *attachment,
                        PartPiece piece, gpointer user)
{
  each_piece (raw, g_ptr_array_index (attachments->parts->leaves, attachment->leaf), piece, user);
}

typedef struct {
  Hash *hash;
  gint64 size;
} Count;

static gboolean
count_piece (const char *data, gsize length, gpointer user)
{
  Count *count = user;
  hash_add (count->hash, data, length);
  count->size += (gint64) length;
  return TRUE;
}

/* ---- the message ---- */

static gboolean
is_text (const Part *part)
{
  return !part->attachment && !parts_has_name (part) &&
         (g_str_equal (part->type, "text/plain") || g_str_equal (part->type, "text/html"));
}

Attachment *
attachment_read (const RawMessage *raw, const Part *part, guint leaf)
{
  Attachment *attachment = g_new0 (Attachment, 1);
  g_autoptr (Hash) hash = hash_new ();
  Count count = { .hash = hash };
  each_piece (raw, part, count_piece, &count);
  attachment->leaf = leaf;
  attachment->name = choose_name (raw, part, leaf + 1);
  attachment->type = g_strdup (part->type);
  attachment->size = count.size;
  attachment->digest = hash_to_hex (hash);
  return attachment;
}

static const char *
security_of_part (const Part *part)
{
  g_autofree char *kind = NULL;
  if (g_str_equal (part->type, "application/pgp-encrypted"))
    return "encrypted with PGP: not readable here";
  if (g_str_equal (part->type, "application/pgp-signature"))
    return "signed with PGP (not checked)";
  if (g_str_equal (part->type, "application/pkcs7-signature") ||
      g_str_equal (part->type, "application/x-pkcs7-signature"))
    return "signed with S/MIME (not checked)";
  if (!g_str_equal (part->type, "application/pkcs7-mime") && !g_str_equal (part->type, "application/x-pkcs7-mime"))
    return NULL;
  kind = parameter_of_type (part->content_type, "smime-type");
  if (g_ascii_strcasecmp (kind, "signed-data") == 0)
    return "signed with S/MIME, the text within the signature: not readable here";
  return g_ascii_strcasecmp (kind, "certs-only") == 0 ? NULL : "encrypted with S/MIME: not readable here";
}

static const char *
find_security (const Parts *parts, const char *text)
{
  for (guint i = 0; i < parts->leaves->len; i++)
    {
      const char *security = security_of_part (g_ptr_array_index (parts->leaves, i));
      if (security != NULL)
        return security;
    }
  if (strstr (text, "-----BEGIN PGP MESSAGE-----") != NULL)
    return "encrypted with PGP: not readable here";
  return strstr (text, "-----BEGIN PGP SIGNED MESSAGE-----") != NULL ? "signed with PGP (not checked)" : NULL;
}

Attachments *
attachments_read (const RawMessage *raw, const char *text)
{
  gmime_start ();
  Attachments *attachments = g_new0 (Attachments, 1);
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  attachments->parts = parts_list (lines, fields, raw_message_length (raw));
  attachments->list = g_ptr_array_new_with_free_func ((GDestroyNotify) attachment_free);
  for (guint i = 0; i < attachments->parts->leaves->len; i++)
    if (!is_text (g_ptr_array_index (attachments->parts->leaves, i)))
      g_ptr_array_add (attachments->list, attachment_read (raw, g_ptr_array_index (attachments->parts->leaves, i), i));
  attachments->security = g_strdup (find_security (attachments->parts, text));
  return attachments;
}

Parts *
attachments_parts (const RawMessage *raw)
{
  gmime_start ();
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  return parts_list_all (lines, fields, raw_message_length (raw));
}

char **
attachments_names (const RawMessage *raw, const Part *part, guint leaf)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autofree char *chosen = choose_name (raw, part, leaf + 1), *file = parameter_of_disposition (part->disposition);
  g_autofree char *name = parameter_of_type (part->content_type, "name");
  g_strv_builder_add_many (names, chosen, file, name, NULL);
  return g_strv_builder_end (names);
}
