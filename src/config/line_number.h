/* line_number: libConfuse 3.3 counts a line with a "#" or "//" comment three times, and a block comment once more. This gives
 * the line that an editor shows. */
#pragma once

/* The true line of PATH that libConfuse calls COUNTED; COUNTED itself when the file cannot be read. */
int line_number_true (const char *path, int counted);
