// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/testing/fault_vfs.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/check.hpp"

namespace octroi::testing {
namespace {

constexpr std::size_t sector = 512;

// The part of a file object that this VFS uses. The file object of the system's VFS is allocated
// separately.
struct FaultFile : sqlite3_file {
    FaultDisk* disk;
    FaultDisk::FileModel* model;
    sqlite3_file* real;
};

FaultFile& ours(sqlite3_file* file) { return *static_cast<FaultFile*>(file); }

int close(sqlite3_file* file) {
    FaultFile& f = ours(file);
    const int code = f.real->pMethods->xClose(f.real);
    sqlite3_free(f.real);
    return code;
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    FaultFile& f = ours(file);
    if (f.disk->is_dead()) return SQLITE_IOERR_READ;
    return f.real->pMethods->xRead(f.real, into, size, offset);
}

int write(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
    FaultFile& f = ours(file);
    const int fault = f.disk->step(SQLITE_IOERR_WRITE);
    // A write that the power cut interrupts is incomplete.
    const bool partly = fault == SQLITE_FULL;
    if (fault != SQLITE_OK && !partly) {
        f.model->unsynced.push_back(
            {false, offset,
             std::string(static_cast<const char*>(octets), static_cast<std::size_t>(size))});
        return fault;
    }
    const int written = partly ? size / 2 : size;
    if (written > 0) {
        f.model->unsynced.push_back(
            {false, offset,
             std::string(static_cast<const char*>(octets), static_cast<std::size_t>(written))});
        const int code = f.real->pMethods->xWrite(f.real, octets, written, offset);
        if (code != SQLITE_OK) return code;
    }
    return fault;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultFile& f = ours(file);
    const int fault = f.disk->step(SQLITE_IOERR_TRUNCATE);
    if (fault != SQLITE_OK) return fault == SQLITE_FULL ? SQLITE_IOERR_TRUNCATE : fault;
    f.model->unsynced.push_back({true, size, {}});
    return f.real->pMethods->xTruncate(f.real, size);
}

void apply(std::string& content, const FaultDisk::Change& change) {
    const auto offset = static_cast<std::size_t>(change.offset);
    if (change.is_truncation) {
        content.resize(std::min(content.size(), offset));
        return;
    }
    if (content.size() < offset + change.octets.size())
        content.resize(offset + change.octets.size());
    content.replace(offset, change.octets.size(), change.octets);
}

int sync(sqlite3_file* file, int) {
    FaultFile& f = ours(file);
    const int fault = f.disk->step(SQLITE_IOERR_FSYNC);
    if (fault != SQLITE_OK) return fault;
    for (const auto& change : f.model->unsynced) apply(f.model->synced, change);
    f.model->unsynced.clear();
    return SQLITE_OK;  // the real disk need not sync
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    FaultFile& f = ours(file);
    return f.real->pMethods->xFileSize(f.real, size);
}
int lock(sqlite3_file* file, int level) {
    return ours(file).real->pMethods->xLock(ours(file).real, level);
}
int unlock(sqlite3_file* file, int level) {
    return ours(file).real->pMethods->xUnlock(ours(file).real, level);
}
int reserved(sqlite3_file* file, int* out) {
    return ours(file).real->pMethods->xCheckReservedLock(ours(file).real, out);
}
int control(sqlite3_file* file, int operation, void* argument) {
    return ours(file).real->pMethods->xFileControl(ours(file).real, operation, argument);
}
int sector_size(sqlite3_file*) { return static_cast<int>(sector); }
// The disk promises nothing, not even that writing a part of a sector keeps the rest.
int characteristics(sqlite3_file*) { return 0; }
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    FaultFile& f = ours(file);
    if (f.disk->is_dead()) return SQLITE_IOERR_SHMMAP;
    return f.real->pMethods->xShmMap(f.real, page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return ours(file).real->pMethods->xShmLock(ours(file).real, offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { ours(file).real->pMethods->xShmBarrier(ours(file).real); }
int shm_unmap(sqlite3_file* file, int remove) {
    return ours(file).real->pMethods->xShmUnmap(ours(file).real, remove);
}

constexpr sqlite3_io_methods methods{
    .iVersion = 2,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    FaultDisk& disk = disk_of(vfs);
    file->pMethods = nullptr;
    if (disk.is_dead()) return SQLITE_CANTOPEN;
    auto* real = static_cast<sqlite3_file*>(sqlite3_malloc(disk.real()->szOsFile));
    CHECK(real != nullptr);
    std::memset(static_cast<void*>(real), 0, static_cast<std::size_t>(disk.real()->szOsFile));
    const int code = disk.real()->xOpen(disk.real(), name, real, flags, out_flags);
    if (code != SQLITE_OK) {
        sqlite3_free(real);
        return code;
    }
    const std::string key = name == nullptr ? "" : name;
    const bool known = disk.files().contains(key);
    auto& model = disk.files()[key];
    // The content before the test counts as synced.
    if (!known && !key.empty()) model.synced = content_of(key);
    FaultFile& f = ours(file);
    f.disk = &disk;
    f.model = &model;
    f.real = real;
    f.pMethods = &methods;
    return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    FaultDisk& disk = disk_of(vfs);
    const int fault = disk.step(SQLITE_IOERR_DELETE);
    if (fault != SQLITE_OK && fault != SQLITE_FULL) return fault;
    // The model keeps the entry of a deleted file; a new file of that name starts empty.
    disk.files()[name] = {};
    return disk.real()->xDelete(disk.real(), name, sync_folder);
}

int access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    FaultDisk& disk = disk_of(vfs);
    if (disk.is_dead()) return SQLITE_IOERR_ACCESS;
    return disk.real()->xAccess(disk.real(), name, flags, out);
}

int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
    return disk_of(vfs).real()->xFullPathname(disk_of(vfs).real(), name, size, out);
}

}  // namespace

FaultDisk::FaultDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(std::make_unique<sqlite3_vfs>()) {
    *vfs_ = *real_;
    vfs_->szOsFile = static_cast<int>(sizeof(FaultFile));
    vfs_->zName = "octroi-fault";
    vfs_->pAppData = this;
    vfs_->pNext = nullptr;
    vfs_->xOpen = open;
    vfs_->xDelete = remove;
    vfs_->xAccess = access;
    vfs_->xFullPathname = full_path;
    CHECK(sqlite3_vfs_register(vfs_.get(), 1) == SQLITE_OK);
}

FaultDisk::~FaultDisk() {
    sqlite3_vfs_unregister(vfs_.get());
    sqlite3_vfs_register(real_, 1);
}

int FaultDisk::step(int failure) {
    ++steps_;
    if (!struck()) return SQLITE_OK;
    if (fault_ == Fault::power_cut) return failure;
    return steps_ - before_fault_ <= faulty_steps_ ? SQLITE_FULL : SQLITE_OK;
}

void FaultDisk::power_cut(Unsynced unsynced, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (auto& [path, model] : files_) {
        if (path.empty()) continue;
        std::string content = model.synced;
        for (const Change& change : model.unsynced) {
            if (unsynced == Unsynced::lost) break;
            if (unsynced == Unsynced::kept) {
                apply(content, change);
                continue;
            }
            // A disk writes sectors in any order.
            if (change.is_truncation) {
                if (random() % 2 == 0) apply(content, change);
                continue;
            }
            for (std::size_t at = 0; at < change.octets.size(); at += sector)
                if (random() % 2 == 0)
                    apply(content, {false, change.offset + static_cast<std::int64_t>(at),
                                    change.octets.substr(at, sector)});
        }
        if (std::filesystem::exists(path)) {
            std::ofstream file(path, std::ios::binary | std::ios::trunc);
            file.write(content.data(), static_cast<std::streamsize>(content.size()));
        }
        // The shared memory of SQLite does not survive a reboot.
        std::error_code ignored;
        std::filesystem::remove(path + "-shm", ignored);
    }
    files_.clear();
    fault_ = Fault::none;
}

}  // namespace octroi::testing
