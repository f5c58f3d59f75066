// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A disk for SQLite that fails on demand: a VFS on top of that of the system, which records the
// synced content. While a FaultDisk exists it is SQLite's default VFS, so the code under test
// opens its ledger in the normal way. A step is a write, a truncation or a sync.
//
// - power cut: after `steps_before_fault` steps every call fails, as if the process were gone. Then
//   the test closes the database and calls power_cut(), which gives the files a content that a disk
//   may have after a power cut: everything that was synced, and of the rest nothing, everything, or
//   a random part with torn sectors.
// - disk full: after `steps_before_fault` steps, `faulty_steps` steps return SQLITE_FULL.

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

    // All databases must be closed before.
    void power_cut(Unsynced unsynced, std::uint64_t seed);

    // Used by the VFS in the .cpp.
    struct Change {
        bool is_truncation = false;
        std::int64_t offset = 0;  // or the new size
        std::string octets;
    };
    struct FileModel {
        std::string synced;
        std::vector<Change> unsynced;
    };
    // Counts a step. Returns SQLITE_OK, or `failure` if this step must fail.
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
