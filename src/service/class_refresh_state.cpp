// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_refresh_state.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/file.hpp"

namespace octroi {
namespace {

using nlohmann::json;

constexpr std::size_t state_octets_max = std::size_t{1} << 20U;

json time_text(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time, 9)) : json(nullptr);
}

std::optional<UtcTime> time_member(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    const auto time = parse_rfc3339(found->get_ref<const std::string&>());
    return time ? std::optional(*time) : std::nullopt;
}

std::string text_member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

ClassRefreshFiles class_refresh_files(const std::string& ledger_path) {
    const std::string base = ledger_path + ".class-table";
    return {base, base + ".fetched", base + ".held"};
}

Result<std::optional<ClassRefreshState>> read_class_refresh_state(const std::string& path) {
    const auto text = read_own_file(path, state_octets_max);
    if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    const json object = json::parse(*text, nullptr, false);
    if (!object.is_object())
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: is not a JSON object; next: remove it, and the class table is "
                                "read again",
                                path));
    ClassRefreshState state{.source = text_member(object, "source"),
                            .source_digest = text_member(object, "source_digest"),
                            .etag = text_member(object, "etag"),
                            .last_modified = text_member(object, "last_modified"),
                            .rules = text_member(object, "rules"),
                            .checked = time_member(object, "checked"),
                            .good = time_member(object, "good"),
                            .problem = text_member(object, "problem"),
                            .held = {}};
    if (const auto held = object.find("held"); held != object.end() && held->is_object())
        state.held = {.version = text_member(*held, "version"),
                      .prefixes = number_member(*held, "prefixes"),
                      .prefixes_in_force = number_member(*held, "prefixes_in_force"),
                      .since = time_member(*held, "since").value_or(UtcTime{}),
                      .reason = text_member(*held, "reason")};
    return state;
}

Status write_class_refresh_state(const std::string& path, const ClassRefreshState& state) {
    json object{{"source", state.source},
                {"source_digest", state.source_digest},
                {"etag", state.etag},
                {"last_modified", state.last_modified},
                {"rules", state.rules},
                {"checked", time_text(state.checked)},
                {"good", time_text(state.good)},
                {"problem", state.problem},
                {"held", nullptr}};
    if (state.held)
        object["held"] = {{"version", state.held->version},
                          {"prefixes", state.held->prefixes},
                          {"prefixes_in_force", state.held->prefixes_in_force},
                          {"since", time_text(state.held->since)},
                          {"reason", state.held->reason}};
    // Texts from servers may not be UTF-8.
    return replace_file(path, object.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace octroi
