// The CUDA programming model on the host, for tests alone: the very source of a kernel runs here,
// thread for thread, so that it can be trusted before it meets a GPU.
//
// Every thread of a block is a fiber, and blocks run one after the other, in a seeded order. Warps
// take turns by a seeded schedule that likes to let one of them run ahead. ThreadSanitizer sees
// each fiber as a thread and the barriers as their only order, and so finds a missing barrier.
// Shared memory is NaN before a block starts. A barrier that not all threads reach is an error.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__SANITIZE_THREAD__)
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#elif defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace kstar::simt {

constexpr int kWarp = 32;
constexpr size_t kStackBytes = 256 << 10;
constexpr size_t kExchanged = 64;  // bytes that a lane can give to its warp at once

// What the model itself does is no business of ThreadSanitizer.
class Unseen {
 public:
    Unseen() {
#if defined(__SANITIZE_THREAD__)
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
    }
    ~Unseen() {
#if defined(__SANITIZE_THREAD__)
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;
};

// Where execution can be left and taken up again.
class Fiber {
 public:
    // The one that runs already.
    Fiber() {
#if defined(__SANITIZE_THREAD__)
        watched_ = __tsan_get_current_fiber();
#endif
    }

    explicit Fiber(void (*entry)()) : stack_(new char[kStackBytes]) {
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack_.get();
        context_.uc_stack.ss_size = kStackBytes;
        context_.uc_link = nullptr;
        makecontext(&context_, entry, 0);
#if defined(__SANITIZE_THREAD__)
        watched_ = __tsan_create_fiber(0);
#elif defined(__SANITIZE_ADDRESS__)
        bottom_ = stack_.get();
        size_ = kStackBytes;
#endif
    }

    ~Fiber() {
#if defined(__SANITIZE_THREAD__)
        if (stack_) {
            __tsan_destroy_fiber(watched_);
        }
#endif
    }

    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    void switch_to(Fiber& other) {
#if defined(__SANITIZE_THREAD__)
        constexpr unsigned kWithoutOrder = 1;
        void* to = nullptr;
        {
            const Unseen unseen;
            to = other.watched_;
        }
        __tsan_switch_to_fiber(to, kWithoutOrder);
#elif defined(__SANITIZE_ADDRESS__)
        void* fake_stack;
        __sanitizer_start_switch_fiber(&fake_stack, other.bottom_, other.size_);
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
        swapcontext(&context_, &other.context_);
#else
        // Several times faster: no system call that keeps the mask of signals.
        if (_setjmp(jump_) == 0) {
            if (other.begun_) {
                _longjmp(other.jump_, 1);
            }
            other.begun_ = true;
            setcontext(&other.context_);
        }
#endif
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
    }

    // To be called first on a new fiber; `from` is the one that switched to it.
    void arrive([[maybe_unused]] Fiber& from) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(nullptr, &from.bottom_, &from.size_);
#endif
    }

 private:
    ucontext_t context_;
    std::unique_ptr<char[]> stack_;
    jmp_buf jump_;
    bool begun_ = stack_ == nullptr;
#if defined(__SANITIZE_THREAD__)
    void* watched_;
#elif defined(__SANITIZE_ADDRESS__)
    const void* bottom_ = nullptr;  // of the stack
    size_t size_ = 0;
#endif
};

inline void release([[maybe_unused]] void* order) {
#if defined(__SANITIZE_THREAD__)
    __tsan_release(order);
#endif
}

inline void acquire([[maybe_unused]] void* order) {
#if defined(__SANITIZE_THREAD__)
    __tsan_acquire(order);
#endif
}

// Where a number of threads wait for each other, again and again.
struct Barrier {
    int expected;
    int arrived = 0;
    int phase = 0;
    const char* operation = nullptr;  // that those wait in who have arrived
    char order[2] = {};               // one per phase: what ThreadSanitizer takes for the barrier
};

struct Index {
    unsigned x, y, z;
};

// A copy to shared memory that was asked for and not yet waited for.
struct Copy {
    void* to;
    char bytes[16];
};

// What memory is asked for, in units of the hardware.
struct Traffic {
    int64_t phases = 0;     // of eight lanes with 16 bytes each, to or from shared memory
    int64_t conflicts = 0;  // additional ones, because two of the eight meet in their banks
    int64_t requests = 0;   // of a warp, for global memory
    int64_t sectors = 0;    // of 32 bytes that those touch

    // Eight lanes access 16 bytes each.
    void access_shared(const void* const* addresses) {
        std::array<std::vector<uintptr_t>, 8> lines;
        size_t most = 0;
        for (int lane = 0; lane < 8; ++lane) {
            const auto place = reinterpret_cast<uintptr_t>(addresses[lane]) / 16;
            auto& line = lines[place % 8];
            if (std::find(line.begin(), line.end(), place) == line.end()) {
                line.push_back(place);
            }
            most = std::max(most, line.size());
        }
        ++phases;
        conflicts += static_cast<int64_t>(most) - 1;
    }

    // The lanes of a warp read 16 bytes each.
    void read_global(const std::array<const void*, kWarp>& addresses) {
        std::set<uintptr_t> touched;
        for (const void* address : addresses) {
            touched.insert(reinterpret_cast<uintptr_t>(address) / 32);
        }
        ++requests;
        sectors += static_cast<int64_t>(touched.size());
    }
};

class Block {
 public:
    using Random = std::mt19937;

    Block(unsigned index, unsigned blocks, unsigned threads, size_t shared_bytes,
          std::function<void()> kernel, Random& random)
        : index_{index, 0, 0},
          blocks_{blocks, 1, 1},
          threads_{threads, 1, 1},
          shared_(shared_bytes + kAlignment, '\xff'),
          kernel_(std::move(kernel)),
          random_(random),
          all_{static_cast<int>(threads)} {
        if (threads == 0 || threads % kWarp != 0) {
            throw std::invalid_argument("a block is made of whole warps");
        }
        for (unsigned w = 0; w < threads / kWarp; ++w) {
            warps_.push_back(std::make_unique<Warp>());
        }
        for (unsigned t = 0; t < threads; ++t) {
            lanes_.push_back(std::make_unique<Lane>(t, *warps_[t / kWarp]));
        }
    }

    // Runs all threads to their end; throws std::logic_error where they can never get there.
    void run() {
        const Unseen unseen;
        running = this;
        size_t live = lanes_.size();
        size_t ahead = 0;  // the warp that runs ahead
        while (live > 0 && failure_ == nullptr) {
            if (random_() % 8 == 0) {
                ahead = random_() % warps_.size();
            }
            size_t tried = 0;
            while (tried < warps_.size() && !step((ahead + tried) % warps_.size(), live)) {
                ++tried;
            }
            ahead = (ahead + tried) % warps_.size();
            if (tried == warps_.size()) {
                failure_ = "a barrier that not all threads reach";
            }
        }
        running = nullptr;
        acquire(&finished_);
        if (failure_ != nullptr) {
            throw std::logic_error(failure_);
        }
    }

    // What the running thread asks for.

    unsigned thread() const { return current_->index; }
    Index index() const { return index_; }
    Index blocks() const { return blocks_; }
    Index threads() const { return threads_; }

    void* shared() {
        const uintptr_t start = reinterpret_cast<uintptr_t>(shared_.data());
        return shared_.data() + (kAlignment - start % kAlignment) % kAlignment;
    }

    void sync_block() { wait(all_, "__syncthreads", true); }
    // Whether any thread votes so; a barrier, too.
    bool sync_block_or(bool vote) {
        int phase;
        {
            const Unseen unseen;
            phase = all_.phase;
            votes_[phase] = (all_.arrived > 0 && votes_[phase]) || vote;
        }
        wait(all_, "__syncthreads_or", true);
        const Unseen unseen;
        return votes_[phase];
    }
    void sync_warp() { wait(current_->warp.barrier, "__syncwarp", true); }

    // What each lane of the warp gives. Like a shuffle, it orders no other memory.
    template <typename Value>
    std::array<Value, kWarp> exchange(const char* operation, const Value& value) {
        static_assert(sizeof(Value) <= kExchanged && std::is_trivially_copyable_v<Value>);
        Warp& warp = current_->warp;
        int phase;
        {
            const Unseen unseen;
            phase = warp.barrier.phase;
            std::memcpy(warp.given[phase][current_->index % kWarp], &value, sizeof value);
        }
        wait(warp.barrier, operation, false);
        const Unseen unseen;
        std::array<Value, kWarp> all;
        for (int lane = 0; lane < kWarp; ++lane) {
            std::memcpy(&all[lane], warp.given[phase][lane], sizeof value);
        }
        return all;
    }

    // Until it is waited for, a copy leaves NaN.
    void copy_later(void* to, const void* from) {
        std::memset(to, 0xff, sizeof Copy::bytes);
        Copy copy{to, {}};
        std::memcpy(copy.bytes, from, sizeof copy.bytes);
        current_->groups.back().push_back(copy);
    }
    void commit_copies() { current_->groups.emplace_back(); }

    // Finishes all groups but the latest ones; of those it may finish any part. In any order.
    void wait_for_copies(size_t pending_groups) {
        for (const Copy& copy : finished(pending_groups)) {
            std::memcpy(copy.to, copy.bytes, sizeof copy.bytes);
        }
    }

    static inline Block* running = nullptr;
    static inline Traffic traffic;

 private:
    static constexpr size_t kAlignment = 1024;

    struct Warp {
        Barrier barrier{kWarp};
        char given[2][kWarp][kExchanged];  // by phase of the barrier
    };

    struct Lane {
        Lane(unsigned number, Warp& own) : index(number), warp(own), fiber(enter) {}
        unsigned index;
        Warp& warp;
        bool done = false;
        const Barrier* barrier = nullptr;  // that it waits at
        int phase = 0;
        std::vector<std::vector<Copy>> groups{1};
        Fiber fiber;  // made last: it sees what was written before

        bool ready() const { return !done && (barrier == nullptr || barrier->phase != phase); }
    };

    static void enter() {
        Block& block = *running;
        block.current_->fiber.arrive(block.scheduler_);
        block.kernel_();
        Lane& lane = *block.current_;
        {
            const Unseen unseen;
            lane.done = true;
        }
        block.leave(lane);
    }

    // For the time being or for ever: also a thread that waits in vain has then come to its end.
    void leave(Lane& lane) {
        release(&finished_);
        lane.fiber.switch_to(scheduler_);
    }

    // Lets each lane of a warp run on that can; returns whether any could.
    bool step(size_t warp, size_t& live) {
        bool any = false;
        const size_t first = random_() % kWarp;
        for (size_t k = 0; k < kWarp && failure_ == nullptr; ++k) {
            Lane& lane = *lanes_[warp * kWarp + (first + k) % kWarp];
            if (lane.ready()) {
                any = true;
                current_ = &lane;
                scheduler_.switch_to(lane.fiber);
                live -= lane.done ? 1 : 0;
            }
        }
        return any;
    }

    std::vector<Copy> finished(size_t pending_groups) {
        const Unseen unseen;
        auto& groups = current_->groups;
        std::vector<Copy> result;
        for (size_t g = 0; g + 1 < groups.size(); ++g) {  // the last one is not committed
            const bool due = g + 1 + pending_groups < groups.size();
            const auto pending = std::partition(groups[g].begin(), groups[g].end(),
                                                [&](const Copy&) { return !due && random_() % 2; });
            result.insert(result.end(), pending, groups[g].end());
            groups[g].erase(pending, groups[g].end());
        }
        std::shuffle(result.begin(), result.end(), random_);
        if (groups.size() > pending_groups + 1) {
            groups.erase(groups.begin(), groups.end() - static_cast<int64_t>(pending_groups + 1));
        }
        return result;
    }

    void wait(Barrier& barrier, const char* operation, bool orders) {
        Lane& lane = *current_;
        char* order = nullptr;
        {
            const Unseen unseen;
            if (barrier.arrived > 0 && std::strcmp(barrier.operation, operation) != 0) {
                failure_ = "threads that meet in different operations";
            }
            lane.barrier = &barrier;
            lane.phase = barrier.phase;
            order = &barrier.order[barrier.phase];
            barrier.operation = operation;
            if (++barrier.arrived == barrier.expected) {
                barrier.arrived = 0;
                barrier.phase ^= 1;
            }
        }
        if (orders) {
            release(order);
        }
        leave(lane);
        if (orders) {
            acquire(order);
        }
    }

    const Index index_, blocks_, threads_;
    std::vector<char> shared_;
    const std::function<void()> kernel_;
    Random& random_;
    Barrier all_;
    bool votes_[2] = {};  // by phase of that barrier
    Fiber scheduler_;
    std::vector<std::unique_ptr<Warp>> warps_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    Lane* current_ = nullptr;
    const char* failure_ = nullptr;
    char finished_ = 0;  // what ThreadSanitizer takes for the end of the threads
};

// Runs `kernel` for all blocks, one after the other.
inline void launch(unsigned seed, unsigned blocks, unsigned threads, size_t shared_bytes,
                   const std::function<void()>& kernel) {
    Block::Random random(seed);
    std::vector<unsigned> order(blocks);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    for (const unsigned index : order) {
        Block(index, blocks, threads, shared_bytes, kernel, random).run();
    }
}

}  // namespace kstar::simt
