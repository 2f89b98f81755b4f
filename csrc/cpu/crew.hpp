// Threads that share out numbered pieces of work, while the caller's thread listens.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "cpu/ieee_mode.hpp"

namespace kstar::cpu {

// How work is done: by how many threads, and what the caller's thread does every now and then. It
// is told how many of how many pieces are done, and stops everything by an exception.
struct Crew {
    int threads;
    std::function<void(int64_t done, int64_t pieces)> listen;

    // Each thread makes a worker, and calls it with the number of each piece that it takes. An
    // exception, of a worker or of `listen`, ends all threads and comes out here.
    template <typename MakeWorker>
    void run(int64_t pieces, const MakeWorker& make_worker) const {
        Shift shift;
        const auto work = [&] {
            const IeeeMode ieee;
            try {
                auto worker = make_worker();
                for (int64_t piece; !shift.stop && (piece = shift.next++) < pieces; ++shift.done) {
                    worker(piece);
                }
            } catch (...) {
                shift.fail();
            }
            shift.leave();
        };
        try {
            while (static_cast<int64_t>(shift.threads.size()) <
                   std::min<int64_t>(threads, pieces)) {
                shift.enter();
                shift.threads.emplace_back(work);
            }
            while (!shift.over()) {
                listen(shift.done, pieces);
            }
        } catch (...) {
            shift.fail();
        }
        shift.join();
    }

 private:
    struct Shift {
        std::atomic<int64_t> next{0};
        std::atomic<int64_t> done{0};
        std::atomic<bool> stop{false};
        std::vector<std::thread> threads;
        std::mutex mutex;
        std::condition_variable changed;
        int64_t present = 0;
        std::exception_ptr failure;

        void enter() {
            const std::lock_guard<std::mutex> lock(mutex);
            ++present;
        }

        void leave() {
            const std::lock_guard<std::mutex> lock(mutex);
            --present;
            changed.notify_all();
        }

        void fail() {
            const std::lock_guard<std::mutex> lock(mutex);
            if (!failure) {
                failure = std::current_exception();
            }
            stop = true;
        }

        // Waits a little; returns whether all have left.
        bool over() {
            std::unique_lock<std::mutex> lock(mutex);
            return changed.wait_for(lock, std::chrono::milliseconds(50),
                                    [this] { return present == 0; });
        }

        void join() {
            for (std::thread& thread : threads) {
                thread.join();
            }
            if (failure) {
                std::rethrow_exception(failure);
            }
        }
    };
};

}  // namespace kstar::cpu
