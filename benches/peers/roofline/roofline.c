// What one core of this machine can do: bytes a nanosecond over working sets of several sizes, and operations of
// vectors. Prints a line each: name, size in bytes or 0, amount a nanosecond.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define BYTES 64
#else
#define BYTES 32
#endif

typedef double v64 __attribute__((vector_size(BYTES)));
typedef float v32 __attribute__((vector_size(BYTES)));

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

// The best of many rounds of a few milliseconds: what is measured is a limit.
#define BEST(rounds, amount, body)                                            \
    ({                                                                \
        double best_ = 1e300;                                         \
        long times = 1;                                               \
        for (int round = 0; round < (rounds); round++) {                    \
            double start = now();                                     \
            for (long t_ = 0; t_ < times; t_++) {                     \
                body;                                                 \
                __asm__ volatile("" ::: "memory");                    \
            }                                                         \
            double each = (now() - start) / times;                    \
            if (each < best_) best_ = each;                             \
            if (each * times < 1e6) times = (long)(1.5e6 / each) + 1; \
        }                                                             \
        (amount) / best_;                                             \
    })

#define KEEP(v) __asm__ volatile("" : "+v"(v))

static void read_all(const v64 *a, size_t n) {
    v64 s[8] = {0};
    for (size_t i = 0; i < n; i += 8)
        for (int j = 0; j < 8; j++) s[j] += a[i + j];
    for (int j = 0; j < 8; j++) KEEP(s[j]);
}

static void copy(v64 *restrict a, const v64 *restrict b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        v64 x = b[i];
        KEEP(x); // or it becomes memcpy
        a[i] = x;
    }
}

static void triad(v64 *restrict a, const v64 *restrict b, const v64 *restrict c, size_t n) {
    for (size_t i = 0; i < n; i++) a[i] = b[i] * 2.5 + c[i];
}

#ifdef __AVX__
#if defined(__AVX512F__)
#define STREAM(p, x) _mm512_stream_pd((double *)(p), (__m512d)(x))
#else
#define STREAM(p, x) _mm256_stream_pd((double *)(p), (__m256d)(x))
#endif
static void triad_past(v64 *restrict a, const v64 *restrict b, const v64 *restrict c, size_t n) {
    for (size_t i = 0; i < n; i++) STREAM(&a[i], b[i] * 2.5 + c[i]);
    _mm_sfence();
}
#endif

static void memory(size_t bytes) {
    size_t n = bytes / BYTES / 3 / 8 * 8; // vectors of each of three columns
    v64 *a, *b, *c;
    if (posix_memalign((void **)&a, 1 << 21, n * BYTES) || posix_memalign((void **)&b, 1 << 21, n * BYTES) ||
        posix_memalign((void **)&c, 1 << 21, n * BYTES))
        exit(1);
    memset(a, 0, n * BYTES), memset(b, 0, n * BYTES), memset(c, 0, n * BYTES);
    int rounds = bytes < (32 << 20) ? 25 : 7;
    printf("read %zu %.4f\n", bytes, BEST(rounds, 3.0 * n * BYTES, (read_all(a, n), read_all(b, n), read_all(c, n))));
    printf("copy %zu %.4f\n", bytes, BEST(rounds, 4.0 * n * BYTES, (copy(a, b, n), copy(b, c, n))));
    printf("triad %zu %.4f\n", bytes, BEST(rounds, 3.0 * n * BYTES, triad(a, b, c, n)));
#ifdef __AVX__
    printf("triad_past_caches %zu %.4f\n", bytes, BEST(rounds, 3.0 * n * BYTES, triad_past(a, b, c, n)));
#endif
    free(a), free(b), free(c);
}

// Twelve independent chains of vectors, each in a register, so that only throughput counts.
#define EACH(do) do(a) do(b) do(c) do(d) do(e) do(f) do(g) do(h) do(i) do(j) do(k) do(l)
#define CHAINS(type, expression)                                              \
    ({                                                                        \
        type a = (type){0} + 1.5f, b = a, c = a, d = a, e = a, f = a;         \
        type g = a, h = a, i = a, j = a, k = a, l = a;                        \
        type y = (type){0} + 0.75f, z = (type){0} + 0.25f;                    \
        KEEP(y);                                                              \
        KEEP(z);                                                              \
        BEST(60, 12.0 * 64 * (BYTES / sizeof(a[0])),                              \
             for (int step = 0; step < 64; step++) { EACH(expression) });     \
    })
#define FMA(x) x = x * y + z; KEEP(x);
#define DIVIDE(x) x = y / x; KEEP(x);
#if defined(__AVX512F__)
#define ROOT_F64(x) x = (v64)_mm512_sqrt_pd((__m512d)x); KEEP(x);
#define ROOT_F32(x) x = (v32)_mm512_sqrt_ps((__m512)x); KEEP(x);
#elif defined(__AVX__)
#define ROOT_F64(x) x = (v64)_mm256_sqrt_pd((__m256d)x); KEEP(x);
#define ROOT_F32(x) x = (v32)_mm256_sqrt_ps((__m256)x); KEEP(x);
#endif

int main(void) {
    printf("fma_f64 0 %.4f\n", CHAINS(v64, FMA));
    printf("fma_f32 0 %.4f\n", CHAINS(v32, FMA));
    printf("divide_f64 0 %.4f\n", CHAINS(v64, DIVIDE));
    printf("divide_f32 0 %.4f\n", CHAINS(v32, DIVIDE));
#ifdef ROOT_F64
    printf("root_f64 0 %.4f\n", CHAINS(v64, ROOT_F64));
    printf("root_f32 0 %.4f\n", CHAINS(v32, ROOT_F32));
#endif
    memory(64 << 10); // two columns of 4 Ki doubles, which are more than many a first cache
    for (size_t bytes = 12 << 10; bytes <= (size_t)384 << 20; bytes *= 2) {
        memory(bytes);
        fflush(stdout);
    }
    return 0;
}
