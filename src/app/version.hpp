// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace octroi {

inline constexpr const char* version = "0.1.0";

}  // namespace octroi
