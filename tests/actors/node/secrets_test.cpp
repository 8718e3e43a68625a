#include "network_trial.hpp"

#include "library/net/http_client.hpp"

#include <QTest>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr const char* variable = "MILLRACE_TRIAL_SECRET";
constexpr const char* of_environment = "planted-in-the-environment-4711";
constexpr const char* of_file = "planted-in-a-file-4712";
constexpr const char* typed_in = "typed-into-a-parameter-4713";
constexpr const char* set_live = "set-while-it-runs-4714";

/// Pseudonyms made under one secret go to an address that nobody listens at, with another one.
topology leaky(const std::string& name, const std::string& token) {
  topology t;
  t.name = name;
  t.add("ticks", "millrace.generator", {{"rate", 20.0}});
  t.add("tokens", "millrace.mask",
        {{"fields", std::string{"key"}}, {"how", std::string{"token"}}, {"secret", std::string{"env:"} + variable}});
  t.add("told", "millrace.http_sink",
        {{"url", std::string{"http://127.0.0.1:1/told"}},
         {"token", token},
         {"timeout", std::int64_t{100}},
         {"batch_events", std::int64_t{1}},
         {"give_up_after", std::int64_t{50}},
         {"failures", std::int64_t{0}}});
  t.actors.back().on_failure.action = failure_action::resume;
  return t.connect("ticks", "tokens").connect("tokens", "told");
}

}  // namespace

/// What is secret is in no log, status, report, telemetry, audit log or file, but for the one file that keeps the
/// node's own.
class secrets_test : public test::network_trial {
  Q_OBJECT

  std::mutex mutex_;
  std::map<std::string, std::string> seen_;  // by where it was

  void see(const std::string& where, const std::string& text) {
    const std::lock_guard lock{mutex_};
    seen_[where] += text + "\n";
  }
  /// Where a text was seen; empty: nowhere.
  [[nodiscard]] std::string places_of(const std::string& text) {
    const std::lock_guard lock{mutex_};
    std::string out;
    for (const auto& [where, all] : seen_) {
      if (all.find(text) != std::string::npos) out += where + " ";
    }
    return out;
  }
  /// An answer, or a refusal, both of which are shown to people.
  result<json> ask(const client_ptr& who, const std::string& verb, const json& args = json::object()) {
    auto answer = who->call(verb, args, patience);
    see("answer to " + verb, answer ? answer->dump() : answer.error().message);
    return answer;
  }
  void see_files() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{data_dir()}) {
      if (!entry.is_regular_file() || entry.path().filename() == "node.key") continue;
      std::ifstream in{entry.path(), std::ios::binary};
      see("file " + entry.path().filename().string(), {std::istreambuf_iterator<char>{in}, {}});
    }
  }
  void see_metrics() {
    library::http_client browser{{}};
    const auto page = browser.call({.url = node_->metrics_url()});
    QVERIFY2(page, page ? "" : page.error().message.c_str());
    see("metrics", page->body);
  }

private slots:
  void init() {
    qputenv(variable, of_environment);
    metrics_ = "127.0.0.1:0";
    log_ = [this](log_level, const std::string& text) { see("log", text); };
    begin_anew();
    std::ofstream{runtime_.filePath("secret").toStdString()} << of_file << "\n";
  }
  void cleanup() { end(); }

  void areSeenNowhere() {
    const auto root = local();
    const json base{{"base_folder", runtime_.path().toStdString()}};
    const auto with = [&](const topology& t) {
      auto args = base;
      args["text"] = to_text(t);
      return args;
    };
    // What is named is used; what is typed in is refused.
    QVERIFY(ask(root, "plan", with(leaky("shop", "file:secret"))));
    QVERIFY(ask(root, "deploy", with(leaky("shop", "file:secret"))));
    const auto refused = ask(root, "plan", with(leaky("typed", typed_in)));
    QVERIFY(!refused || !(*refused)["valid"].get<bool>());
    QVERIFY(!ask(root, "deploy", with(leaky("typed", typed_in))));
    // Calls fail, and what they were for is kept with the reason.
    const auto has_failed = [&] {
      const auto letters = root->call("deadletter_list", {{"topology", "shop"}}, patience);
      return letters && letters->dump().find("127.0.0.1:1") != std::string::npos;
    };
    QTRY_VERIFY_WITH_TIMEOUT(has_failed(), 60'000);
    for (const auto* parameter : {"token", "secret"}) {
      (void)ask(root, "set", {{"topology", "shop"}, {"actor", "told"}, {"parameter", parameter}, {"value", set_live}});
    }
    // Words for a person and for a node, one of which is used, and the keys behind them.
    const auto person =
        root->call("key_invite", {{"name", "tim"}, {"role", "operator"}, {"lifetime_s", 600}}, patience);
    const auto other = root->call("node_invite", {{"lifetime_s", 600}}, patience);
    QVERIFY(person && other);
    const auto token = transport::join_token_of((*person)["token"].get<std::string>());
    const auto other_token = transport::join_token_of((*other)["token"].get<std::string>());
    QVERIFY(token && other_token);
    const auto own = *transport::make_curve_keys();
    const auto guest = connect({node_->public_key(), *transport::curve_keys_of(token->secret_key)});
    QVERIFY(guest && ask(*guest, "key_accept", {{"public_key", own.public_key}}));
    const auto tim = *connect({node_->public_key(), own});
    // All that can be asked for.
    for (const auto* verb : {"node", "list", "actors", "audit", "key_list", "peer_list"}) {
      QVERIFY2(ask(root, verb).has_value(), verb);
    }
    for (const auto* verb : {"status", "why", "logs", "savepoint_list", "chaos_list", "break_list", "trace",
                             "deadletter_list", "state", "alerts"}) {
      (void)ask(tim, verb, {{"topology", "shop"}});
    }
    for (const auto* detail : {"overview", "actors", "actor"}) {
      json choice{{"topology", "shop"}, {"detail", detail}};
      if (choice["detail"] == "actor") choice["actor"] = "told";
      const auto id = tim->subscribe("telemetry", 20ms, patience, choice);
      QVERIFY2(id, detail);
      const auto event = tim->newest_event(*id, patience);
      QVERIFY(event.has_value());
      see("telemetry", event->data.dump());
    }
    see_metrics();
    const auto secret_of_node = node::key_registry::read_own(data_dir())->secret_key;
    QVERIFY(ask(root, "stop", {{"topology", "shop"}}));
    see_files();

    const std::map<std::string, std::string> secrets{{"of the environment", of_environment},
                                                     {"of a file", of_file},
                                                     {"typed in", typed_in},
                                                     {"set", set_live},
                                                     {"a person's invitation", (*person)["token"]},
                                                     {"the key in it", token->secret_key},
                                                     {"a node's invitation", (*other)["token"]},
                                                     {"the key in that", other_token->secret_key},
                                                     {"a person's key", own.secret_key},
                                                     {"the node's key", secret_of_node}};
    for (const auto& [what, secret] : secrets) {
      QVERIFY(secret.size() > 10);
      QVERIFY2(places_of(secret).empty(), (what + " is in: " + places_of(secret)).c_str());
    }
    // The control: what is no secret is found, in each kind of place, and so would a secret be.
    for (const auto& [text, where] :
         std::map<std::string, std::string>{{"env:" + std::string{variable}, "deployment.json"},
                                            {"shop", "log "},
                                            {"tim", "file audit.log"},
                                            {"told", "telemetry"},
                                            {"tokens", "metrics"},
                                            {"127.0.0.1:1", "answer to deadletter_list"},
                                            {own.public_key, "answer to key_list"}}) {
      QVERIFY2(places_of(text).find(where) != std::string::npos,
               (text + " is not in " + where + ", but in " + places_of(text)).c_str());
    }
    std::ofstream{data_dir() + "/topologies/shop/log.jsonl", std::ios::app} << "Bearer " << of_file << "\n";
    see_files();
    QCOMPARE(places_of(of_file), std::string{"file log.jsonl "});
  }
};

QTEST_GUILESS_MAIN(secrets_test)
#include "secrets_test.moc"
