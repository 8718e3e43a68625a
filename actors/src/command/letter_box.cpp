#include "command/letter_box.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "command/answer_pages.hpp"
#include "command/conversation.hpp"
#include "letters/letter_content.hpp"
#include "letters/letter_wire.hpp"
#include "millrace/persistence/dead_letter_store.hpp"

namespace millrace::command {

namespace {

using engine::kept_letter;
using engine::letter_id;
using nlohmann::json;

// A run that writes a snapshot is asked again for this long.
constexpr int attempts_max = 40;
constexpr std::chrono::milliseconds between_attempts{250};
// Of letters in one request, and of bytes of their contents.
constexpr std::size_t ids_at_once = 1000;
constexpr std::size_t bytes_at_once = std::size_t{384} << 10;

class local_box final : public letter_box {
public:
  explicit local_box(std::unique_ptr<engine::dead_letter_store> store) : store_{std::move(store)} {}

  result<void> for_each(const std::function<bool(const kept_letter&)>& visit, const letter_id* after) override {
    return store_->for_each(visit, after);
  }
  result<kept_letter> find(const letter_id& id) override { return store_->find(id); }
  result<engine::letter_totals> totals() override { return store_->totals(); }
  result<void> fix(const std::vector<std::pair<kept_letter, std::string>>& contents) override {
    std::vector<std::pair<letter_id, engine::letter_fix>> fixes;
    for (const auto& [letter, content] : contents) {
      auto made = letters::fix_from(letter, content);
      if (!made) return std::move(made).error();
      fixes.emplace_back(letter.id, *std::move(made));
    }
    return store_->fix(fixes);
  }
  result<void> request(const std::vector<letter_id>& ids) override { return store_->request(ids); }
  result<void> discard(const std::vector<letter_id>& ids) override { return store_->discard(ids); }

private:
  std::unique_ptr<engine::dead_letter_store> store_;
};

class distant_box final : public letter_box {
public:
  explicit distant_box(conversation talk) : talk_{std::move(talk)} {}

  result<void> for_each(const std::function<bool(const kept_letter&)>& visit, const letter_id* after) override {
    json args{{"after", after == nullptr ? std::string{} : to_string(*after)}};
    for (answer_pages pages;;) {
      auto page = ask("deadletter_list", args);
      if (!page) return std::move(page).error();
      totals_ = {0, page->value("bytes", std::uint64_t{0}), page->value("dropped", std::uint64_t{0})};
      for (const auto& wire : page->at("letters")) {
        const auto l = letters::from_wire(wire);
        if (!l) return l.error();
        if (!visit(l->what)) return {};
      }
      auto next = page->value("next", json{});
      if (!next.is_string()) return {};
      if (auto turned = pages.turn(next); !turned) return turned;
      args["after"] = std::move(next);
    }
  }
  result<kept_letter> find(const letter_id& id) override {
    auto answer = ask("deadletter_show", {{"ids", {to_string(id)}}});
    if (!answer) return std::move(answer).error();
    auto l = letters::from_wire(answer->at("letters").at(0));
    if (!l) return std::move(l).error();
    return std::move(l->what);
  }
  result<engine::letter_totals> totals() override {
    if (totals_) return *totals_;
    if (auto asked = for_each([](const kept_letter&) { return false; }, nullptr); !asked) return asked.error();
    return *totals_;
  }
  result<void> fix(const std::vector<std::pair<kept_letter, std::string>>& contents) override {
    auto fixes = json::array();
    std::size_t bytes = 0;
    const auto send = [&]() -> result<void> {
      if (fixes.empty()) return {};
      bytes = 0;
      auto done = ask("deadletter_fix", {{"fixes", std::exchange(fixes, json::array())}});
      return done ? result<void>{} : std::move(done).error();
    };
    for (const auto& [letter, content] : contents) {
      if (letter.what.content.size() >= letters::content_bytes_max) {
        return user_error(errc::limit_exceeded, to_string(letter.id) + ": its content is too long to be mended from " +
                                                    "here; do so where its data directory is");
      }
      json one{{"id", to_string(letter.id)}};
      letters::put_bytes(one, "content", content);
      bytes += content.size() * 2;
      fixes.push_back(std::move(one));
      if (fixes.size() < ids_at_once && bytes < bytes_at_once) continue;
      if (auto done = send(); !done) return done;
    }
    return send();
  }
  result<void> request(const std::vector<letter_id>& ids) override { return for_all("deadletter_replay", ids); }
  result<void> discard(const std::vector<letter_id>& ids) override { return for_all("deadletter_discard", ids); }

private:
  result<void> for_all(const char* verb, const std::vector<letter_id>& ids) {
    for (std::size_t from = 0; from < ids.size(); from += ids_at_once) {
      auto names = json::array();
      const auto end = std::min(ids.size(), from + ids_at_once);
      for (auto i = from; i < end; ++i) names.push_back(to_string(ids[i]));
      if (auto done = ask(verb, {{"ids", std::move(names)}}); !done) return std::move(done).error();
    }
    return {};
  }
  result<json> ask(const char* verb, const json& args) {
    for (int attempt = 1;; ++attempt) {
      auto answer = talk_.ask(verb, args);
      if (answer || answer.error().code != errc::unavailable || attempt == attempts_max) return answer;
      std::this_thread::sleep_for(between_attempts);
    }
  }

  conversation talk_;
  std::optional<engine::letter_totals> totals_;
};

}  // namespace

result<std::unique_ptr<letter_box>> open_letters(const letter_choice& choice) {
  // Names of topologies have no slash.
  const bool is_folder = choice.place.find('/') != std::string::npos || std::filesystem::is_directory(choice.place);
  if (choice.run.key_file.empty() && is_folder) {
    if (!std::filesystem::is_directory(std::filesystem::path{choice.place} / "deadletters")) {
      return user_error(errc::not_found, choice.place + ": there are no dead letters; give the data directory of a " +
                                             "topology that has run, or the name of one that runs");
    }
    auto store = persistence::open_dead_letter_store(choice.place);
    if (!store) return std::move(store).error();
    return std::unique_ptr<letter_box>{std::make_unique<local_box>(*std::move(store))};
  }
  auto run = choice.run;
  run.name = choice.place;
  auto chosen = choose_running(run);
  if (!chosen) {
    return user_error(chosen.error().code, choice.place + " is no data directory, and " + chosen.error().message);
  }
  auto talk = conversation::begin(*std::move(chosen));
  if (!talk) return std::move(talk).error();
  return std::unique_ptr<letter_box>{std::make_unique<distant_box>(*std::move(talk))};
}

}  // namespace millrace::command
