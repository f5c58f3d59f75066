// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/http_fetch.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/narrow.hpp"

namespace octroi {
namespace {

constexpr long redirections_max = 5;
constexpr long status_ok = 200;
constexpr long status_not_modified = 304;
constexpr long status_not_found = 404;
constexpr long status_gone = 410;
// Of a header that is kept: servers choose its length.
constexpr std::size_t header_octets_max = 1024;

struct EasyDeleter {
    void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

struct FetchExchange {
    const FetchRequest* request = nullptr;
    FetchAnswer answer;
    bool is_too_large = false;
};

std::size_t on_fetched_body(const char* data, std::size_t size, std::size_t count, void* context) {
    auto& exchange = *static_cast<FetchExchange*>(context);
    const std::size_t octets = size * count;
    if (octets > exchange.request->octets_max - exchange.answer.body.size()) {
        exchange.is_too_large = true;
        return 0;  // ends the exchange
    }
    exchange.answer.body.append(data, octets);
    return octets;
}

bool begins_without_case(std::string_view text, std::string_view begin) {
    if (text.size() < begin.size()) return false;
    for (std::size_t i = 0; i < begin.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(text[i])) != begin[i]) return false;
    return true;
}

std::string value_after(std::string_view line, std::string_view name) {
    line.remove_prefix(name.size());
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
    return line.size() > header_octets_max ? std::string() : std::string(line);
}

// Each answer of a redirection has headers: those of the last one stay.
std::size_t on_fetched_header(const char* data, std::size_t size, std::size_t count,
                              void* context) {
    auto& answer = static_cast<FetchExchange*>(context)->answer;
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) {
        answer.etag.clear();
        answer.last_modified.clear();
    }
    if (begins_without_case(line, "etag:")) answer.etag = value_after(line, "etag:");
    if (begins_without_case(line, "last-modified:"))
        answer.last_modified = value_after(line, "last-modified:");
    return line.size();
}

int on_progress(void* context, curl_off_t /*down_all*/, curl_off_t /*down*/, curl_off_t /*up_all*/,
                curl_off_t /*up*/) {
    const auto& request = *static_cast<FetchExchange*>(context)->request;
    return request.stop_requested && request.stop_requested() ? 1 : 0;
}

// NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): the interface of libcurl
template <typename T>
void set_option(CURL* handle, CURLoption option, T value) {
    ::curl_easy_setopt(handle, option, value);
}
// NOLINTEND(cppcoreguidelines-pro-type-vararg)

bool is_https(const std::string& url) { return begins_without_case(url, "https://"); }

void set_limits(CURL* handle, const FetchRequest& request) {
    const bool is_secure = is_https(request.url);
    set_option(handle, CURLOPT_PROTOCOLS_STR, is_secure ? "https" : "http");
    set_option(handle, CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
    set_option(handle, CURLOPT_FOLLOWLOCATION, 1L);
    set_option(handle, CURLOPT_MAXREDIRS, redirections_max);
    set_option(handle, CURLOPT_TIMEOUT_MS, narrow<long>(request.time_max.ns / 1'000'000));
    set_option(handle, CURLOPT_MAXFILESIZE_LARGE, narrow<curl_off_t>(request.octets_max));
    set_option(handle, CURLOPT_NOSIGNAL, 1L);  // other threads own the signals
    set_option(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!request.ca_file.empty()) {
        set_option(handle, CURLOPT_CAINFO, request.ca_file.c_str());
        set_option<const char*>(handle, CURLOPT_CAPATH, nullptr);
    }
}

Result<List> conditions_of(const FetchRequest& request) {
    List list;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (value.empty()) return true;
        curl_slist* longer =
            ::curl_slist_append(list.get(), fmt::format("{}: {}", name, value).c_str());
        if (longer == nullptr) return false;
        static_cast<void>(list.release());
        list.reset(longer);
        return true;
    };
    if (add("If-None-Match", request.etag) && add("If-Modified-Since", request.last_modified))
        return list;
    return fail(ErrorCode::failed, "no memory for the headers of a request");
}

Error error_of(const FetchRequest& request, CURLcode code, const char* detail, bool is_too_large) {
    const std::string url = url_for_messages(request.url);
    if (is_too_large || code == CURLE_FILESIZE_EXCEEDED)
        return {ErrorCode::over_limit,
                fmt::format("{}: more than {} octets; next: a larger limit, if this is the right "
                            "file",
                            url, request.octets_max)};
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return {ErrorCode::interrupted, fmt::format("{}: stopped", url)};
    return {ErrorCode::failed, fmt::format("{}: {}; next: fetch it with curl on this machine", url,
                                           *detail != '\0' ? detail : ::curl_easy_strerror(code))};
}

Result<FetchAnswer> answer_of(const FetchRequest& request, CURL* handle, FetchAnswer answer) {
    long status = 0;
    ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);  // NOLINT(*-vararg)
    if (status == status_ok) return answer;
    const bool has_condition = !request.etag.empty() || !request.last_modified.empty();
    if (status == status_not_modified && has_condition) {
        answer.is_unchanged = true;
        answer.body.clear();
        return answer;
    }
    const bool is_absent = status == status_not_found || status == status_gone;
    return fail(is_absent ? ErrorCode::not_found : ErrorCode::failed,
                fmt::format("{}: the server answers with status {}; next: correct the URL",
                            url_for_messages(request.url), status));
}

}  // namespace

std::string url_for_messages(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const std::size_t host = scheme + 3;
    const std::string shown = url.substr(0, url.find_first_of("?#", host));
    const std::size_t at = shown.rfind('@', shown.find('/', host));
    return at == std::string::npos || at < host ? shown
                                                : shown.substr(0, host) + shown.substr(at + 1);
}

Result<FetchAnswer> fetch(const FetchRequest& request) {
    if (!is_https(request.url) && !begins_without_case(request.url, "http://"))
        return fail(ErrorCode::invalid, fmt::format("{} begins with neither http:// nor https://",
                                                    url_for_messages(request.url)));
    static std::once_flag once;
    std::call_once(once, [] { ::curl_global_init(CURL_GLOBAL_DEFAULT); });
    const Easy handle(::curl_easy_init());
    if (handle == nullptr) return fail(ErrorCode::failed, "libcurl cannot make a handle");
    TRY_ASSIGN(const List conditions, conditions_of(request));
    FetchExchange exchange{.request = &request, .answer = {}};
    std::array<char, CURL_ERROR_SIZE> detail{};
    set_option(handle.get(), CURLOPT_URL, request.url.c_str());
    set_option(handle.get(), CURLOPT_USERAGENT, "octroi");
    set_option(handle.get(), CURLOPT_HTTPHEADER, conditions.get());
    set_option(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
    set_option(handle.get(), CURLOPT_WRITEFUNCTION, &on_fetched_body);
    set_option(handle.get(), CURLOPT_WRITEDATA, &exchange);
    set_option(handle.get(), CURLOPT_HEADERFUNCTION, &on_fetched_header);
    set_option(handle.get(), CURLOPT_HEADERDATA, &exchange);
    set_option(handle.get(), CURLOPT_XFERINFOFUNCTION, &on_progress);
    set_option(handle.get(), CURLOPT_XFERINFODATA, &exchange);
    set_option(handle.get(), CURLOPT_NOPROGRESS, 0L);
    set_limits(handle.get(), request);
    const CURLcode code = ::curl_easy_perform(handle.get());
    if (code != CURLE_OK)
        return std::unexpected(error_of(request, code, detail.data(), exchange.is_too_large));
    return answer_of(request, handle.get(), std::move(exchange.answer));
}

}  // namespace octroi
