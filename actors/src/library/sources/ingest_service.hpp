#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "library/net/http_server.hpp"
#include "library/sources/ingest_body.hpp"
#include "library/sources/ingest_room.hpp"

namespace millrace::library {

/// What a client is told when its events are durable.
[[nodiscard]] http_answer stored_answer(const ingest_request& r);

/// The web side of `millrace.http_ingest`: says no to what cannot be stored, and brings the rest to the waiting room.
/// Thread: the server's; `stop` any.
class ingest_service final : public http_service {
public:
  struct setting {
    std::string path;
    std::string token;  ///< empty: nobody is asked
    bool keeps_good = false;
    record_type_ptr type;
    std::size_t items_max = 0;
  };
  ingest_service(setting s, ingest_room& room);

  /// From now on everybody is told 503.
  void stop() noexcept { is_stopping_ = true; }

  [[nodiscard]] std::optional<http_answer> on_head(const http_head& head) override;
  [[nodiscard]] std::optional<http_answer> on_request(const http_head& head, std::string body,
                                                      const http_reply& later) override;

private:
  [[nodiscard]] std::optional<http_answer> check_events_head(const http_head& head) const;
  [[nodiscard]] http_answer health() const;
  [[nodiscard]] std::optional<http_answer> repeated(const text_digest& key, std::uint64_t body_digest,
                                                    const http_reply& later, bool& is_fresh);
  [[nodiscard]] std::optional<http_answer> store(std::unique_ptr<ingest_request> r, const http_reply& later);

  setting setting_;
  ingest_room* room_;
  ingest_body parser_;
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace millrace::library
