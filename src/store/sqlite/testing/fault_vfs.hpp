// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A disk for SQLite that fails on demand: a VFS over the system's own which remembers what was
// synced. While a FaultDisk lives it is SQLite's default VFS, so the code under test opens its
// ledger as always.
//
//   power cut: after `steps_before_fault` writes, truncations and syncs every call fails, as for a
//   process that is gone; then, with the database closed, power_cut() makes of the files what a
//   disk may hold after that: what was synced, and of the rest nothing, all, or a random part with
//   torn sectors. disk full: that step and the `faulty_steps` - 1 behind it answer SQLITE_FULL,
//   after which there is room again.

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace octroi::testing {

enum class Fault { none, power_cut, disk_full };
enum class Unsynced { lost, kept, torn };

class FaultDisk {
public:
    FaultDisk();
    FaultDisk(const FaultDisk&) = delete;
    FaultDisk& operator=(const FaultDisk&) = delete;
    ~FaultDisk();

    void set_fault(Fault fault, std::uint64_t steps_before_fault,
                   std::uint64_t faulty_steps = UINT64_MAX) {
        fault_ = fault;
        before_fault_ = steps_before_fault;
        faulty_steps_ = faulty_steps;
        steps_ = 0;
    }
    // Writes, truncations and syncs since set_fault.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] bool struck() const { return fault_ != Fault::none && steps_ > before_fault_; }

    // Every database must be closed.
    void power_cut(Unsynced unsynced, std::uint64_t seed);

    // For the VFS below.
    struct Change {
        bool is_truncation = false;
        std::int64_t offset = 0;  // or the new size
        std::string octets;
    };
    struct FileModel {
        std::string synced;
        std::vector<Change> unsynced;
    };
    // Counts a step and says what it answers: SQLITE_OK: go on.
    int step(int failure);
    [[nodiscard]] bool is_dead() const { return fault_ == Fault::power_cut && struck(); }
    std::map<std::string, FileModel>& files() { return files_; }
    sqlite3_vfs* real() { return real_; }

private:
    Fault fault_ = Fault::none;
    std::uint64_t before_fault_ = 0;
    std::uint64_t faulty_steps_ = 0;
    std::uint64_t steps_ = 0;
    std::map<std::string, FileModel> files_;
    sqlite3_vfs* real_ = nullptr;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace octroi::testing
