#include <QtTest>

#include "millrace/library.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/validation.hpp"

using namespace millrace;
using engine::actor_access;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_sentence(const std::string& text) {
  return text.size() > 10 && (text.back() == '.' || text.back() == ')');
}

std::vector<problem> problems_of(const std::string& type, std::map<std::string, param_value> params) {
  topology t;
  t.name = "alone";
  t.actors.push_back({.name = "it", .type = type, .params = std::move(params), .on_failure = {}});
  return validate(t).problems;
}

/// Whether one of the problems stands at the parameter and says what it may be.
bool names(const std::vector<problem>& problems, const param_base& p) {
  return std::ranges::any_of(problems, [&](const problem& found) {
    const auto text = to_string(found);
    return contains(text, p.name()) && contains(text, p.allowed());
  });
}

std::string all_of(const std::vector<problem>& problems) {
  std::string text;
  for (const auto& p : problems) text += to_string(p) + "\n";
  return text;
}

/// Values the declaration of a parameter rules out.
std::vector<param_value> wrong_values(const param_base& p) {
  const auto& o = p.options();
  const auto value = p.get();
  std::vector<param_value> wrong;
  if (std::holds_alternative<std::string>(value)) {
    if (!o.choices.empty()) wrong.emplace_back(std::string{"none of the choices"});
    return wrong;
  }
  if (std::holds_alternative<std::int64_t>(value)) {
    constexpr double exact_max = 9e15;
    if (o.min && *o.min > -exact_max) wrong.emplace_back(static_cast<std::int64_t>(*o.min) - 1);
    if (o.max && *o.max < exact_max) wrong.emplace_back(static_cast<std::int64_t>(*o.max) + 1);
  } else if (std::holds_alternative<double>(value)) {
    if (o.min && *o.min > -1e300) wrong.emplace_back(*o.min - std::max(1.0, std::abs(*o.min) * 1e-6));
    if (o.max && *o.max < 1e300) wrong.emplace_back(*o.max + std::max(1.0, std::abs(*o.max) * 1e-6));
    wrong.emplace_back(std::numeric_limits<double>::quiet_NaN());
  }
  return wrong;
}

}  // namespace

/// What holds for every ready-made actor, new ones included.
class actor_metadata_test : public QObject {
  Q_OBJECT

  static void add_types() {
    QTest::addColumn<QString>("id");
    for (const auto& [id, type] : actor_registry::instance().entries()) {
      if (id.starts_with("millrace.")) QTest::newRow(id.c_str()) << QString::fromStdString(id);
    }
  }
  static const actor_registry::entry& type_at_hand() {
    QFETCH(QString, id);
    return *actor_registry::instance().find(id.toStdString());
  }

private slots:
  void initTestCase() { link_library(); }

  void isDescribed_data() { add_types(); }
  void isDescribed() {
    const auto& type = type_at_hand();
    QVERIFY(!type.info.title.empty() && !type.info.category.empty());
    QVERIFY2(is_sentence(type.info.help), type.info.help.c_str());
    const auto made = type.make();
    for (const auto* p : actor_access::params(*made)) {
      QVERIFY2(is_sentence(p->options().help), (p->name() + ": " + p->options().help).c_str());
    }
  }

  void hidesParametersByOthersThatThereAre_data() { add_types(); }
  void hidesParametersByOthersThatThereAre() {
    const auto made = type_at_hand().make();
    const auto& params = actor_access::params(*made);
    for (const auto* p : params) {
      const auto& condition = p->options().shown_when;
      if (!condition) continue;
      QVERIFY2(!p->options().required, p->name().c_str());
      const auto on = std::ranges::find(params, condition->param, [](const auto* other) { return other->name(); });
      QVERIFY2(on != params.end() && *on != p, (p->name() + ": no parameter " + condition->param).c_str());
      QVERIFY2(!condition->values.empty(), p->name().c_str());
      const auto& choices = (*on)->options().choices;
      for (const auto& value : condition->values)
        QVERIFY2(std::ranges::find(choices, value) != choices.end(), (p->name() + ": never " + value).c_str());
    }
  }

  void refusesWrongParameters_data() { add_types(); }
  void refusesWrongParameters() {
    const auto& type = type_at_hand();
    const auto made = type.make();
    for (const auto* p : actor_access::params(*made)) {
      for (const auto& wrong : wrong_values(*p)) {
        const auto problems = problems_of(type.info.id, {{p->name(), wrong}});
        QVERIFY2(names(problems, *p), (p->name() + " = " + to_string(wrong) + ": " + all_of(problems)).c_str());
      }
      const bool is_text = std::holds_alternative<std::string>(p->get());
      const auto of_other_type = is_text ? param_value{true} : param_value{std::string{"text"}};
      const auto problems = problems_of(type.info.id, {{p->name(), of_other_type}});
      QVERIFY2(contains(all_of(problems), "'" + p->name() + "' takes "), all_of(problems).c_str());
    }
  }

  void asksForWhatIsRequired_data() { add_types(); }
  void asksForWhatIsRequired() {
    const auto& type = type_at_hand();
    const auto made = type.make();
    const auto problems = problems_of(type.info.id, {});
    for (const auto* p : actor_access::params(*made)) {
      if (p->options().required) QVERIFY2(names(problems, *p), (p->name() + ": " + all_of(problems)).c_str());
    }
  }

  void suggestsTheNearestParameter_data() { add_types(); }
  void suggestsTheNearestParameter() {
    const auto& type = type_at_hand();
    const auto made = type.make();
    const auto& params = actor_access::params(*made);
    if (params.empty()) return;
    const auto& name = params.front()->name();
    const auto text = all_of(problems_of(type.info.id, {{name + "x", param_value{std::int64_t{1}}}}));
    QVERIFY2(contains(text, name + "x") && contains(text, "'" + name + "'"), text.c_str());
  }
};

QTEST_GUILESS_MAIN(actor_metadata_test)
#include "actor_metadata_test.moc"
