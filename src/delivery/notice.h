/* notice: a page as JSON, the same for every channel that takes data. */
#pragma once

#include "delivery/channel.h"

/* The caller's. */
char *notice_to_json (const PageNotice *notice);
