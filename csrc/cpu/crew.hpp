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
#include <new>
#include <thread>
#include <vector>

#include "cpu/ieee_mode.hpp"

namespace kstar::cpu {

// How work is done: by how many threads, and what the caller's thread does every now and then. It
// is told how many of how many pieces are done, and stops everything by an exception.
struct Crew {
    int threads;
    std::function<void(int64_t done, int64_t pieces)> listen;

    // Makes a worker for each thread, which calls it with the number of each piece that it takes.
    // An exception, of a worker or of `listen`, ends all threads and comes out here.
    //
    // Workers are made here, with all memory that they will want, and ask for none in their
    // threads: to throw there that there is none takes memory, without which the process is ended.
    template <typename MakeWorker>
    void run(int64_t pieces, const MakeWorker& make_worker) const {
        const auto most = static_cast<size_t>(std::min<int64_t>(threads, pieces));
        std::vector<decltype(make_worker())> workers;
        workers.reserve(most);
        while (workers.size() < most) {
            workers.push_back(make_worker());
        }
        Shift shift;
        shift.threads.reserve(most);
        const auto work = [&](auto& worker) {
            const IeeeMode ieee;
            try {
                for (int64_t piece; !shift.stop && (piece = shift.next++) < pieces; ++shift.done) {
                    worker(piece);
                }
            } catch (...) {
                shift.fail();
            }
            shift.leave();
        };
        try {
            for (auto& worker : workers) {
                if (!shift.start([&] { work(worker); })) {
                    break;
                }
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

        // Starts a thread; returns whether there is room for one. The first one has to be.
        template <typename Work>
        bool start(const Work& work) {
            enter();
            try {
                threads.emplace_back(work);
            } catch (const std::exception&) {  // of memory, or of a limit on threads
                leave();
                if (threads.empty()) {
                    throw std::bad_alloc();
                }
                return false;
            }
            return true;
        }

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
