/* The directory's breaker and cache; look-ups against a real slapd are tests/e2e/090-slapd.t. */
#include "directory/breaker.h"
#include "directory/cache.h"

#define SECOND G_USEC_PER_SEC

static void
test_breaker (void)
{
  Breaker breaker = { 0 };
  g_assert_cmpint (breaker_admit (&breaker, 0), ==, BREAKER_ADMITTED);
  g_assert_true (breaker_fail (&breaker, BREAKER_ADMITTED, 0)); /* an outage begins */
  g_assert_false (breaker_fail (&breaker, BREAKER_ADMITTED, SECOND / 2)); /* one that was let in before changes nothing */
  g_assert_cmpint (breaker_admit (&breaker, SECOND - 1), ==, BREAKER_REFUSED);
  g_assert_cmpint (breaker_admit (&breaker, SECOND), ==, BREAKER_PROBE);
  g_assert_cmpint (breaker_admit (&breaker, 50 * SECOND), ==, BREAKER_REFUSED); /* one probe at a time */
  g_assert_false (breaker_succeed (&breaker, BREAKER_ADMITTED));
  g_assert_false (breaker_fail (&breaker, BREAKER_PROBE, SECOND));
  g_assert_cmpint (breaker_admit (&breaker, 3 * SECOND - 1), ==, BREAKER_REFUSED); /* the pause grows */
  gint64 now = 3 * SECOND;
  for (int i = 0; i < 50; i++, now += 30 * SECOND)
    {
      g_assert_cmpint (breaker_admit (&breaker, now), ==, BREAKER_PROBE); /* to half a minute */
      breaker_fail (&breaker, BREAKER_PROBE, now);
    }
  g_assert_cmpint (breaker_admit (&breaker, now - 1), ==, BREAKER_REFUSED);
  g_assert_cmpint (breaker_admit (&breaker, now), ==, BREAKER_PROBE);
  g_assert_true (breaker_succeed (&breaker, BREAKER_PROBE)); /* and ends */
  g_assert_cmpint (breaker_admit (&breaker, now), ==, BREAKER_ADMITTED);
  g_assert_cmpint (breaker_admit (&breaker, now), ==, BREAKER_ADMITTED);
}

static void
test_cache (void)
{
  Cache *cache = cache_new (10 * SECOND, 2);
  g_autoptr (Contact) ann = contact_new ();
  ann->mail = g_strdup ("ann@customer.example");
  ann->customer = g_strdup ("C-1");
  g_autoptr (Contact) found = NULL;
  g_autoptr (Contact) stranger = NULL;
  g_autoptr (Contact) stale = NULL;
  g_assert_false (cache_find (cache, "ann@customer.example", TRUE, 0, &found));
  cache_put (cache, "ann@customer.example", ann, 0);
  cache_put (cache, "eve@else.example", NULL, 5 * SECOND);
  g_assert_true (cache_find (cache, "ann@customer.example", FALSE, 10 * SECOND, &found));
  g_assert_cmpstr (found->customer, ==, "C-1");
  g_assert_true (cache_find (cache, "eve@else.example", FALSE, 10 * SECOND, &stranger));
  g_assert_null (stranger);
  g_assert_false (cache_find (cache, "ann@customer.example", FALSE, 11 * SECOND, &stale));
  g_assert_true (cache_find (cache, "ann@customer.example", TRUE, 1000 * SECOND, &stale));
  cache_put (cache, "third@else.example", NULL, 11 * SECOND); /* one too many: the oldest goes */
  g_clear_pointer (&stale, contact_free);
  g_assert_false (cache_find (cache, "ann@customer.example", TRUE, 11 * SECOND, &stale));
  g_assert_true (cache_find (cache, "eve@else.example", FALSE, 11 * SECOND, &stranger));
  cache_free (cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/directory/breaker", test_breaker);
  g_test_add_func ("/directory/cache", test_cache);
  return g_test_run ();
}
