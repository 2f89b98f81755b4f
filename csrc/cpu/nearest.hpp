// The nearest foreign sample found so far of every sample, and the way of a pair through the
// sieves.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "cpu/changed.hpp"
#include "cpu/fetch.hpp"
#include "cpu/problem.hpp"
#include "cpu/sieve.hpp"

namespace kstar::cpu {

// What is known of the samples of one side, and what a pair must show to tell more.
class Known {
 public:
    // `squared` and `ids` are of the nearest foreign samples known before: infinity and any number
    // where there are none. They receive what is found.
    Known(const Side& side, double* squared, int64_t* ids)
        : narrow(side.narrow, side.count),
          full(side.full, side.count),
          squared_(side.count),
          ids_(ids),
          output_(squared) {
        for (int64_t i = 0; i < side.count; ++i) {
            squared_[i] = squared[i];
            if (squared[i] == 0) {
                narrow.settle(i);
                full.settle(i);
            } else {
                narrow.tighten(i, squared[i]);
                full.tighten(i, squared[i]);
            }
        }
    }

    double squared(int64_t i) const { return squared_[i]; }

    // Keeps the nearest and, among equals, the one of the lowest id.
    void offer(int64_t i, double squared, int64_t id) {
        if (!(squared <= squared_[i])) {
            return;
        }
        const std::lock_guard<std::mutex> lock(locks_[i % kLocks]);
        const double before = squared_[i];
        if (squared < before) {
            squared_[i] = squared;
            ids_[i] = id;
            narrow.tighten(i, squared);
            full.tighten(i, squared);
        } else if (squared == before) {
            ids_[i] = std::min(ids_[i], id);
        }
    }

    void write() const { std::copy(squared_.begin(), squared_.end(), output_); }

    Limits narrow;
    Limits full;

 private:
    static constexpr int64_t kLocks = 1024;

    std::vector<std::atomic<double>> squared_;
    int64_t* ids_;
    double* output_;
    std::mutex locks_[kLocks];
};

class Nearest {
 public:
    // How many pairs came so far.
    struct Counts {
        int64_t screened = 0;
        int64_t refined = 0;
    };

    // `of_references` is null where only the samples ask; in the self form they are both sides.
    Nearest(const Problem& problem, Known& of_samples, Known* of_references)
        : narrow(problem, problem.samples.narrow, problem.references.narrow),
          rows(of_samples),
          columns(problem.self_form ? &of_samples : of_references),
          problem_(problem) {
        if (problem.samples.narrow.points != problem.samples.full.points) {
            full_.emplace(problem, problem.samples.full, problem.references.full);
        }
    }

    // Fetches the full points of a pair that may soon be screened, or their start where they are
    // long: from memory they take longer than their product. Where there are none to screen, the
    // rows themselves.
    void expect(int64_t i, int64_t j) const {
        if (!full_) {
            problem_.samples.expect(i);
            problem_.references.expect(j);
        } else if (i < problem_.samples.count && j < problem_.references.count) {
            constexpr int64_t kStart = 1 << 10;
            const int64_t bytes = problem_.samples.full.stride * sizeof(int16_t);
            fetch(problem_.samples.full.point(i), std::min(bytes, kStart));
            fetch(problem_.references.full.point(j), std::min(bytes, kStart));
        }
    }

    // Takes a pair that survived its tile through the remaining sieves; returns whether it was
    // refined.
    bool settle(int64_t i, int64_t j, int32_t product, Counts& work) {
        // Meanwhile other pairs may have brought the limits nearer.
        const bool row_asks = product > rows.narrow[i];
        const bool column_asks = columns != nullptr && product > (*columns).narrow[j];
        if (!row_asks && !column_asks) {
            return false;
        }
        return full_ ? screen(i, j, row_asks, column_asks, work)
                     : refine_survivor(i, j, product, work);
    }

    // The same for a pair of which no tile knows anything.
    void settle_apart(int64_t i, int64_t j, Counts& work) {
        if (problem_.samples.full.outlier(i) || problem_.references.full.outlier(j)) {
            ++work.refined;
            refine(i, j);
        } else {
            screen(i, j, true, columns != nullptr, work);
        }
    }

    double refine(int64_t i, int64_t j) {
        const double squared = problem_.distance(i, j);
        rows.offer(i, squared, problem_.references.ids[j]);
        if (columns != nullptr) {
            columns->offer(j, squared, problem_.samples.ids[i]);
        }
        return squared;
    }

    const Sieve narrow;
    Known& rows;
    Known* const columns;  // null where they do not ask

 private:
    bool screen(int64_t i, int64_t j, bool row_asks, bool column_asks, Counts& work) {
        ++work.screened;
        const int32_t product = full_->product(i, j);
        const bool survives =
            (row_asks && product > rows.full[i]) || (column_asks && product > (*columns).full[j]);
        return survives && refine_survivor(i, j, product, work);
    }

    bool refine_survivor(int64_t i, int64_t j, int32_t product, Counts& work) {
        ++work.refined;
        const double squared = refine(i, j);
        if (!(squared <= rows.squared(i)) && belies(i, j, product, squared)) {
            refuse_changed();
        }
        return true;
    }

    // Whether a canonical distance is longer than the product of full balls allows. If so, features
    // changed, and the search, which limits bound no longer, would not end in time.
    bool belies(int64_t i, int64_t j, int32_t product, double squared) const {
        const Balls& balls = problem_.samples.full;
        const bool known = !balls.outlier(i) && !problem_.references.full.outlier(j);
        return known &&
               (std::isnan(squared) || product > balls.certificate.nearer(squared, balls.radii[i]));
    }

    const Problem& problem_;
    std::optional<Sieve> full_;  // where the narrow balls are not the full ones themselves
};

}  // namespace kstar::cpu
