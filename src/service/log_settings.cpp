// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/log_settings.hpp"

#include "host/log.hpp"

namespace octroi {
namespace {

LogLevel level_of(LogLevelChoice choice) {
    switch (choice) {
        case LogLevelChoice::error:
            return LogLevel::error;
        case LogLevelChoice::warning:
            return LogLevel::warning;
        case LogLevelChoice::info:
            return LogLevel::info;
        case LogLevelChoice::debug:
            return LogLevel::debug;
    }
    return LogLevel::info;
}

LogFormat format_of(LogFormatChoice choice) {
    switch (choice) {
        case LogFormatChoice::automatic:
            return format_of_standard_error();
        case LogFormatChoice::text:
            return LogFormat::text;
        case LogFormatChoice::journal:
            return LogFormat::journal;
        case LogFormatChoice::json:
            return LogFormat::json;
    }
    return LogFormat::text;
}

}  // namespace

void set_daemon_log(const LogConfig& config, const std::string& level_word) {
    set_log_level(log_level(level_word).value_or(level_of(config.level)));
    set_log_format(format_of(config.format));
}

}  // namespace octroi
