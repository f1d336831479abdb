/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?" */
#ifndef RTCLAB_BASE_NEAREST_H
#define RTCLAB_BASE_NEAREST_H

/**
 * The word that was most likely meant: the one with the fewest edits, if these are few
 * for its length.
 *
 * @param words NULL-ended
 * @return borrowed from `words`; NULL if none is near
 */
const char *nearest_word(const char *word, const char *const *words);

/** "; did you mean \"WORD\"?" with the nearest word, or "" if none is near; caller owns.
 */
char *nearest_hint(const char *word, const char *const *words);

#endif
