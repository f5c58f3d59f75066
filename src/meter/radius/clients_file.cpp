// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/radius/clients_file.hpp"

#include <utility>

namespace octroi::radius_meter {
namespace {

bool is_unchanged(const FileStatus& a, const FileStatus& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.modified == b.modified;
}

}  // namespace

Status ClientsFile::refresh() {
    const auto status = status_of(path_);
    if (!status) {
        if (std::exchange(is_missing_, true)) return {};
        seen_.reset();
        return std::unexpected(status.error());
    }
    is_missing_ = false;
    if (seen_ && is_unchanged(*seen_, *status)) return {};
    seen_ = *status;
    TRY_ASSIGN(clients_, Clients::read(path_));
    return {};
}

}  // namespace octroi::radius_meter
