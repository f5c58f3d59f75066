// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/display_control.hpp"
#include "host/file.hpp"
#include "host/terminal.hpp"

namespace octroi {
namespace {

using Level = spdlog::level::level_enum;

// In the order of LogLevel.
constexpr std::array<Level, log_levels> spdlog_levels = {Level::err, Level::warn, Level::info,
                                                         Level::debug};

// Custom flags of the patterns below.
constexpr char priority_flag = '*';
constexpr char json_flag = '&';
constexpr char text_flag = '$';

// Syslog priorities: syslog(3), the numbers that sd-daemon(3) expects.
int priority(Level level) {
    switch (level) {
        case Level::err:
            return 3;
        case Level::warn:
            return 4;
        case Level::info:
            return 6;
        default:
            return 7;
    }
}

void append(spdlog::memory_buf_t& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

struct Character {
    char32_t code = 0;
    std::size_t octets = 0;
};

// The display control at the front of `rest`, if there is one. The text may be no UTF-8.
std::optional<Character> display_control(std::string_view rest) {
    const auto octet = [&](std::size_t i) {
        return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U;
    };
    const auto bits = [&](std::size_t i) { return octet(i) & 0x3fU; };
    Character found{octet(0), 1};
    if ((octet(0) & 0xe0U) == 0xc0)
        found = {(octet(0) & 0x1fU) << 6U | bits(1), 2};
    else if ((octet(0) & 0xf0U) == 0xe0)
        found = {(octet(0) & 0x0fU) << 12U | bits(1) << 6U | bits(2), 3};
    else if (octet(0) >= 0x80)
        return std::nullopt;  // no display control has four octets
    if (found.octets > rest.size() || !is_display_control(found.code)) return std::nullopt;
    return found;
}

std::string escape_of(const Character& control) {
    const auto code = static_cast<std::uint32_t>(control.code);
    if (code == '\n') return "\\n";
    return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

std::string escaped(std::string_view text, LogFormat format) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool is_kept = format == LogFormat::plain && (c == '\n' || c == '\t');
        const auto control = is_kept ? std::nullopt : display_control(text.substr(i));
        if (control) i += control->octets - 1;
        out += control ? escape_of(*control) : std::string(1, c);
    }
    return out;
}

// A JSON text in which these characters are escapes too, which JSON demands only below U+0020 (RFC
// 8259, section 7).
std::string escaped_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto control = display_control(text.substr(i));
        if (control) {
            out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(control->code));
            i += control->octets - 1;
        } else {
            out += text[i];
        }
    }
    return out;
}

class Priority final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& out) override {
        append(out, fmt::format("<{}>", priority(message.level)));
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<Priority>();
    }
};

class JsonText final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& out) override {
        const nlohmann::json text = std::string(message.payload.data(), message.payload.size());
        append(out,
               escaped_json(text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonText>();
    }
};

// The message with escapes. It is here and not in log(), so that a line is never formatted for one
// format and escaped for another while the format changes.
class EscapedText final : public spdlog::custom_flag_formatter {
public:
    explicit EscapedText(LogFormat format) : format_(format) {}
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& out) override {
        append(out, escaped({message.payload.data(), message.payload.size()}, format_));
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<EscapedText>(format_);
    }

private:
    LogFormat format_;
};

std::unique_ptr<spdlog::formatter> formatter(LogFormat format) {
    auto made = std::make_unique<spdlog::pattern_formatter>(format == LogFormat::json
                                                                ? spdlog::pattern_time_type::utc
                                                                : spdlog::pattern_time_type::local,
                                                            "\n");
    made->add_flag<Priority>(priority_flag).add_flag<JsonText>(json_flag);
    made->add_flag<EscapedText>(text_flag, format);
    switch (format) {
        case LogFormat::plain:
            made->set_pattern("%$");
            break;
        case LogFormat::text:
            made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %$");
            break;
        case LogFormat::journal:
            made->set_pattern("%*%$");
            break;
        case LogFormat::json:
            made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%&})");
            break;
    }
    return made;
}

// Standard error, with the progress line that may stand at its end.
class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
public:
    StandardError() : base_sink(formatter(LogFormat::plain)) {}

    void show_progress(std::string_view line) {
        const std::lock_guard lock(mutex_);
        if (!is_terminal(STDERR_FILENO) || (line.empty() && !progress_is_shown_)) return;
        (void)write_out(STDERR_FILENO, fmt::format("\r\x1b[K{}", line));
        progress_is_shown_ = !line.empty();
    }

private:
    // One write(2) a message: those of several processes do not mix within a line.
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        if (progress_is_shown_) append(line, "\r\x1b[K");
        formatter_->format(message, line);
        (void)write_out(STDERR_FILENO, std::string_view(line.data(), line.size()));
        progress_is_shown_ = false;
    }
    void flush_() override {}

    bool progress_is_shown_ = false;
};

struct Log {
    std::shared_ptr<StandardError> output = std::make_shared<StandardError>();
    spdlog::logger logger{"octroi", output};
    std::array<std::atomic<std::uint64_t>, log_levels> written{};
};

Log& the_log() {
    static Log log;
    return log;
}

}  // namespace

void log(LogLevel level, std::string_view message) {
    if (!is_logged(level)) return;
    Log& log = the_log();
    log.logger.log(spdlog_levels[static_cast<std::size_t>(level)],
                   spdlog::string_view_t(message.data(), message.size()));
    log.written[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
}

std::string_view to_string(LogLevel level) {
    const auto name = spdlog::level::to_string_view(spdlog_levels[static_cast<std::size_t>(level)]);
    return {name.data(), name.size()};
}

std::optional<LogLevel> log_level(std::string_view word) {
    for (std::size_t i = 0; i < log_levels; ++i)
        if (word == to_string(static_cast<LogLevel>(i))) return static_cast<LogLevel>(i);
    return std::nullopt;
}

void set_log_level(LogLevel level) {
    the_log().logger.set_level(spdlog_levels[static_cast<std::size_t>(level)]);
}

bool is_logged(LogLevel level) {
    return the_log().logger.should_log(spdlog_levels[static_cast<std::size_t>(level)]);
}

void set_log_format(LogFormat format) { the_log().output->set_formatter(formatter(format)); }

LogFormat format_of_standard_error() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status{};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return LogFormat::text;
    return stream == fmt::format("{}:{}", status.st_dev, status.st_ino) ? LogFormat::journal
                                                                        : LogFormat::text;
}

std::array<std::uint64_t, log_levels> logged_messages() {
    std::array<std::uint64_t, log_levels> counts{};
    for (std::size_t i = 0; i < log_levels; ++i) counts[i] = the_log().written[i].load();
    return counts;
}

void show_progress(std::string_view line) { the_log().output->show_progress(line); }

}  // namespace octroi
