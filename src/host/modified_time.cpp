// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/modified_time.hpp"

#include <sys/stat.h>

#include "host/os_error.hpp"

namespace octroi {

Result<UtcTime> modified_time(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return os_failure("examine " + path);
    return UtcTime{status.st_mtim.tv_sec * Duration::seconds(1).ns + status.st_mtim.tv_nsec};
}

}  // namespace octroi
