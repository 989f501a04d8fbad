/* Two kernels called from C.
 *
 *   filbert build examples/c/geo.rs --emit header,staticlib -o geo
 *   cc -std=c11 -I. examples/c/great_circle.c -L. -lgeo -lm -o great_circle && ./great_circle
 */

#include <stdio.h>

#include "geo.h"

enum { FLIGHTS = 4 };

int main(void) {
    /* New York, Boston, Denver and Honolulu to London. */
    const double lat1[FLIGHTS] = {40.6413, 42.3656, 39.8561, 21.3187};
    const double lon1[FLIGHTS] = {-73.7781, -71.0096, -104.6737, -157.9225};
    const double lat2[FLIGHTS] = {51.47, 51.47, 51.47, 51.47};
    const double lon2[FLIGHTS] = {-0.4543, -0.4543, -0.4543, -0.4543};
    const int32_t minutes[FLIGHTS] = {420, 390, 0, 990};
    const bool is_known[FLIGHTS] = {true, true, false, true};
    double miles[FLIGHTS], speed[FLIGHTS];
    bool has_speed[FLIGHTS];
    filbert_error error;

    printf("code for %s\n", filbert_geo_target() ? "this CPU" : "other CPUs only");
    if (filbert_great_circle(FLIGHTS, lat1, lon1, lat2, lon2, miles, &error) != FILBERT_OK ||
        filbert_speed(FLIGHTS, miles, minutes, is_known, speed, has_speed, &error) != FILBERT_OK) {
        fprintf(stderr, "row %llu: fault %u\n", (unsigned long long)error.row, (unsigned)error.fault);
        return 1;
    }
    for (int i = 0; i < FLIGHTS; i++) {
        if (has_speed[i])
            printf("%.1f miles at %.1f miles an hour\n", miles[i], speed[i]);
        else
            printf("%.1f miles\n", miles[i]);
    }

    /* Without flags all rows have a value, and the third flight takes no time: the kernel's assertion fails. */
    if (filbert_speed(FLIGHTS, miles, minutes, NULL, speed, has_speed, &error) == FILBERT_ASSERTION)
        printf("row %llu fails in line %u\n", (unsigned long long)error.row, (unsigned)error.line);
    return 0;
}
