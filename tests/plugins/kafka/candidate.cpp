#include "candidate.hpp"

#include <nlohmann/json.hpp>

namespace kafka_tests {

void candidate::begin(const std::filesystem::path&) {
  if (!cluster_) cluster_ = std::make_unique<cluster>();
  topic_ = cluster_->make_topic(4);
}

void candidate::add_to(millrace::topology& t, const std::filesystem::path&) const {
  t.add("target", "kafka.sink",
        {{"brokers", cluster_->brokers()},
         {"topic", topic_},
         {"key_field", std::string{"account"}},
         {"time_format", std::string{"ns"}}},
        2);
}

std::vector<sinks::row> candidate::read(const std::filesystem::path&) const {
  std::vector<sinks::row> out;
  for (const auto& m : cluster_->read(topic_)) {
    const auto found = nlohmann::json::parse(m.value.value_or("null"));
    sinks::row r;
    r.id = found.at("id").get<std::string>();
    r.account = found.at("account").get<std::string>();
    r.number = found.at("number").get<std::int64_t>();
    if (!found.at("amount").is_null()) r.amount = found.at("amount").get<double>();
    if (!found.at("note").is_null()) r.note = found.at("note").get<std::string>();
    r.at_ns = found.at("at").get<std::int64_t>();
    out.push_back(std::move(r));
  }
  return out;
}

void candidate::disturb() {
  // Twice in a life of a second, once while it starts up again and once when it is at work.
  constexpr int first = 60;
  constexpr int second = 300;
  constexpr int away_ms = 150;
  ++steps_;
  if (has_blinking_brokers_ && cluster_->is_mock() && (steps_ == first || steps_ == second)) cluster_->blink(away_ms);
}

}  // namespace kafka_tests
