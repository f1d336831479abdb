/* SPDX-License-Identifier: Apache-2.0 */
/* Fills structs from JSON by the tables of fields.h. */
#ifndef RTCLAB_SCENARIO_READER_H
#define RTCLAB_SCENARIO_READER_H

#include <glib.h>
#include <jansson.h>

#include "scenario/fields.h"
#include "scenario/problems.h"

struct reader {
    struct problems *problems;
    GString *pointer;    /**< of the value that is being read */
    GPtrArray *memory;   /**< what the structs point to; freed with the reader */
    GPtrArray *defaults; /**< JSON values of rows' `standard` */
    bool overriding;     /**< the struct is a copy: absent keys leave it as it is */
};

struct reader *reader_new(struct problems *problems);
void reader_free(struct reader *reader);

/**
 * Reads an object into a struct. Mistakes are added to the problems, and what has one
 * keeps its zero; all others are read.
 *
 * @param shape  the table of its keys
 * @param value  borrowed; must outlive what is done with the struct
 * @param object of shape->size bytes, all zero; what it points to lives as the reader
 */
void reader_read(struct reader *reader, const struct shape *shape, json_t *value,
                 void *object);

#endif
