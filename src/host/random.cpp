// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/random.hpp"

#include <sys/random.h>

#include "base/check.hpp"

namespace octroi {
namespace {

template <typename Id>
Id random_id() {
    Id id;
    CHECK(getrandom(id.octets.data(), id.octets.size(), 0) ==
          static_cast<ssize_t>(id.octets.size()));
    return id;
}

}  // namespace

// getrandom(2) does not return fewer octets than requested for requests of up to 256 octets.
std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return seed;
}

BatchId random_batch_id() { return random_id<BatchId>(); }

WriterId random_writer_id() { return random_id<WriterId>(); }

}  // namespace octroi
