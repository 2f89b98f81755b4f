// Denormals count: callers may have set this thread, or the one that created it, to flush them.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace kstar::cpu {

// While it lives, the thread rounds to nearest and keeps denormals; then its mode is put back.
class IeeeMode {
 public:
#if defined(__SSE2__)
    IeeeMode() : before_(_mm_getcsr()) { _mm_setcsr(kDefault); }
    ~IeeeMode() { _mm_setcsr(before_); }

 private:
    static constexpr unsigned kDefault = 0x1f80;  // all exceptions masked, nothing flushed
    unsigned before_;
#elif defined(__aarch64__)
    IeeeMode() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" : : "r"(0UL));
    }
    ~IeeeMode() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
    unsigned long before_;
#else
    IeeeMode() {}
    ~IeeeMode() {}

 public:
#endif
    IeeeMode(const IeeeMode&) = delete;
    IeeeMode& operator=(const IeeeMode&) = delete;
};

}  // namespace kstar::cpu
