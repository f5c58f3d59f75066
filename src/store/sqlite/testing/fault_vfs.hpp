// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A disk for SQLite with injected faults: a VFS on top of the default VFS, which records the synced
// data of each file. During its lifetime a FaultDisk is the default VFS of SQLite, so the code
// under test opens its ledger in the normal way.
//
//   power cut: after `steps_before_fault` writes, truncations and syncs every call fails, as if the
//   process had ended. After the database was closed, power_cut() gives the files a content that a
//   disk may have then: all synced data; of the other data nothing, everything, or a random part
//   with torn sectors.
//   disk full: this step and the next `faulty_steps` - 1 steps return SQLITE_FULL. After that there
//   is space again.

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
