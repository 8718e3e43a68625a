#include "core/detail_model.hpp"

#include <algorithm>

#include "core/param_text.hpp"
#include "core/placement_edits.hpp"
#include "core/policy_fields.hpp"
#include "core/setting_fields.hpp"
#include "core/supervision_edits.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"

namespace millrace::workbench {
namespace {

constexpr auto noBreak = "none", everyRecord = "always", yes = "yes", no = "no";

QString latin(const char* text) {
  return QString::fromLatin1(text);
}

}  // namespace

DetailModel::DetailModel(const ActorCatalogue& catalogue, QObject* parent)
    : QAbstractTableModel{parent}, m_catalogue{catalogue} {}

void DetailModel::setDocument(Document* document) {
  beginResetModel();
  if (m_document != nullptr) m_document->disconnect(this);
  m_document = document;
  m_run = nullptr;
  m_actor.clear();
  m_rows = presentRows();
  endResetModel();
  if (document == nullptr) return;
  connect(document, &Document::changed, this, [this](const Edit& edit, bool forward) {
    for (const auto& c : edit.changes) {
      const auto* a = std::get_if<ActorChange>(&c);
      if (a == nullptr || !a->before || !a->after) continue;
      const auto& from = forward ? *a->before : *a->after;
      if (from.name == m_actor) m_actor = (forward ? *a->after : *a->before).name;
    }
    refresh();
  });
}

void DetailModel::setActor(const std::string& actor) {
  if (actor == m_actor) return;
  beginResetModel();
  m_actor = actor;
  m_rows = presentRows();
  endResetModel();
}

/// Figures come many times a second; what is being typed into a cell lasts until one of its row changes.
void DetailModel::setFigures(const RunFigures* run) {
  m_run = run;
  std::string mode;
  if (isRunning()) {
    const auto f = run->actors.find(m_actor);
    mode = f != run->actors.end() && f->second.isMuted ? "muted" : "running";
  }
  if (mode == m_shownMode) return;
  m_shownMode = mode;
  refresh();
}

void DetailModel::setBreaks(const BreakState& breaks) {
  if (breaks == m_breaks) return;
  m_breaks = breaks;
  refresh();
}

void DetailModel::refresh() {
  auto rows = presentRows();
  if (rows != m_rows) {
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
  } else if (!m_rows.empty()) {
    Q_EMIT dataChanged(index(0, Property), index(rowCount() - 1, ColumnCount - 1));
  }
}

const actor_spec* DetailModel::spec() const {
  return m_document == nullptr || m_actor.empty() ? nullptr : m_document->spec().find(m_actor);
}

void DetailModel::addActorRows(std::vector<Row>& rows, const actor_spec& actor) const {
  if (const auto* type = m_catalogue.find(actor.type)) {
    for (const auto& p : type->params) {
      if (type->shows(p, actor.params)) rows.push_back({Row::Kind::Param, p.name});
    }
  }
  const auto* group = m_document->spec().group_of(actor.name);
  for (const auto& f : policyFields()) {
    if (f.counts(actor.on_failure) && (group == nullptr || !f.isOfRestarts())) {
      rows.push_back({Row::Kind::Policy, f.name});
    }
  }
  rows.push_back({Row::Kind::Supervision, {}});
  if (group != nullptr) {
    for (const auto& f : policyFields()) {
      if (f.isOfRestarts()) rows.push_back({Row::Kind::GroupPolicy, f.name});
    }
  }
  rows.push_back({Row::Kind::Nodes, {}});
  rows.push_back({Row::Kind::Muted, {}});
  for (const auto& s : m_document->spec().streams) {
    if (s.to_actor == actor.name) rows.push_back({Row::Kind::Break, {}, s});
  }
}

std::vector<DetailModel::Row> DetailModel::presentRows() const {
  std::vector<Row> rows;
  if (m_document == nullptr) return rows;
  if (const auto* actor = spec()) addActorRows(rows, *actor);
  for (const auto& f : settingFields()) rows.push_back({Row::Kind::Setting, f.name});
  return rows;
}

const ParamInfo* DetailModel::param(const Row& row) const {
  const auto* actor = spec();
  const auto* type = actor == nullptr ? nullptr : m_catalogue.find(actor->type);
  return type == nullptr ? nullptr : type->param(row.name);
}

QString DetailModel::property(const Row& row) const {
  switch (row.kind) {
    case Row::Kind::Param: {
      const auto* p = param(row);
      return p == nullptr || p->unit.empty() ? toQt(row.name) : toQt(row.name + " (" + p->unit + ")");
    }
    case Row::Kind::Policy:
      return policyField(row.name.c_str()).label;
    case Row::Kind::Supervision:
      return tr("Supervised with");
    case Row::Kind::GroupPolicy:
      return tr("Group: %1").arg(policyField(row.name.c_str()).label);
    case Row::Kind::Nodes:
      return tr("Runs on");
    case Row::Kind::Muted:
      return tr("Muted");
    case Row::Kind::Break:
      return tr("Breakpoint on %1 → %2")
          .arg(toQt(row.wire.from_actor + "." + row.wire.from_port), toQt(row.wire.to_port));
    case Row::Kind::Setting:
      return tr("Topology: %1").arg(settingField(row.name.c_str()).label);
  }
  return {};
}

QString DetailModel::value(const Row& row, bool isForEditing) const {
  const auto* actor = spec();
  if (row.kind == Row::Kind::Setting) return settingField(row.name.c_str()).text(m_document->spec());
  if (actor == nullptr) return {};
  const auto* group = m_document->spec().group_of(actor->name);
  switch (row.kind) {
    case Row::Kind::Param: {
      const auto* p = param(row);
      const auto at = actor->params.find(row.name);
      if (at != actor->params.end()) return p != nullptr && p->isSecret ? latin(masked_value) : valueText(at->second);
      if (isForEditing || p == nullptr) return {};
      const auto initial = valueText(p->initial);
      return p->required ? tr("required") : initial.isEmpty() ? tr("none") : tr("%1 (default)").arg(initial);
    }
    case Row::Kind::Policy:
      return policyField(row.name.c_str()).text(actor->on_failure);
    case Row::Kind::Supervision:
      return group == nullptr ? QString{} : toQt(group->name);
    case Row::Kind::GroupPolicy:
      return group == nullptr ? QString{} : policyField(row.name.c_str()).text(group->restarts);
    case Row::Kind::Nodes: {
      const auto pins = m_document->layout().pins.find(actor->name);
      QStringList names;
      if (pins != m_document->layout().pins.end()) {
        for (const auto& n : pins->second) names << toQt(n);
      }
      return names.join(QStringLiteral(", "));
    }
    case Row::Kind::Muted: {
      if (!isRunning()) return tr("it does not run");
      const auto f = m_run->actors.find(actor->name);
      return f != m_run->actors.end() && f->second.isMuted ? latin(yes) : latin(no);
    }
    case Row::Kind::Break: {
      if (!isRunning()) return tr("it does not run");
      const auto* at = m_breaks.on(row.wire);
      return at == nullptr ? latin(noBreak) : at->when.isEmpty() ? latin(everyRecord) : at->when;
    }
    case Row::Kind::Setting:
      break;
  }
  return {};
}

QString DetailModel::allowed(const Row& row) const {
  switch (row.kind) {
    case Row::Kind::Param: {
      const auto* p = param(row);
      return p == nullptr ? QString{} : allowedText(*p) + QStringLiteral(". ") + toQt(p->help);
    }
    case Row::Kind::Policy:
    case Row::Kind::GroupPolicy: {
      const auto& f = policyField(row.name.c_str());
      return f.choices.isEmpty() ? f.help : tr("one of %1. %2").arg(f.choices.join(QStringLiteral(", ")), f.help);
    }
    case Row::Kind::Supervision:
      return tr("the name of a group whose actors' failures are counted together; empty: none");
    case Row::Kind::Nodes:
      return tr("nodes, with commas between, whose turns its partitions take; empty: where the topology is given to");
    case Row::Kind::Muted:
      return tr("yes or no. What a muted actor sends is dropped; of the run, not of the file");
    case Row::Kind::Break:
      return tr("none, always, or a condition as amount > 1000. Tasks stand before such records");
    case Row::Kind::Setting:
      return settingField(row.name.c_str()).help;
  }
  return {};
}

int DetailModel::rowOf(const QString& wanted) const {
  for (std::size_t i = 0; i < m_rows.size(); ++i) {
    const auto& row = m_rows[i];
    if ((row.kind == Row::Kind::Param ? toQt(row.name) : property(row)) == wanted) return static_cast<int>(i);
  }
  return -1;
}

int DetailModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int DetailModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ColumnCount);
}

QVariant DetailModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto& row = m_rows[static_cast<std::size_t>(index.row())];
  if (role == Qt::AccessibleTextRole) {
    // One that is read aloud needs no table around it.
    return index.column() == Value ? tr("%1: %2").arg(property(row), value(row, false)) : data(index, Qt::DisplayRole);
  }
  if (role == Qt::ToolTipRole || role == Qt::AccessibleDescriptionRole) return allowed(row);
  if (role != Qt::DisplayRole && role != Qt::EditRole) return {};
  if (index.column() == Property) return property(row);
  return index.column() == Value ? value(row, role == Qt::EditRole) : allowed(row);
}

QVariant DetailModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  static const QStringList titles{tr("Property"), tr("Value"), tr("What it may be")};
  return titles.value(section);
}

Qt::ItemFlags DetailModel::flags(const QModelIndex& index) const {
  auto flags = QAbstractTableModel::flags(index);
  if (!index.isValid() || index.column() != Value) return flags;
  const auto kind = m_rows[static_cast<std::size_t>(index.row())].kind;
  const bool isOfRun = kind == Row::Kind::Muted || kind == Row::Kind::Break;
  return !isOfRun || isRunning() ? flags | Qt::ItemIsEditable : flags;
}

result<Edit> DetailModel::nodesChange(const QString& text) const {
  auto edit = m_document->edit();
  std::vector<std::string> nodes;
  for (const auto& name : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) nodes.push_back(toStd(name.trimmed()));
  if (nodes.size() > placesMax) {
    return user_error(errc::limit_exceeded, "an actor runs on " + std::to_string(placesMax) + " nodes at most");
  }
  edit.setPins(m_actor, nodes);
  return edit.take(tr("Place %1").arg(toQt(m_actor)));
}

/// What belongs to the run: nothing of it is an edit.
result<Edit> DetailModel::steer(const Row& row, const QString& text) {
  if (row.kind == Row::Kind::Muted) {
    if (text != latin(yes) && text != latin(no)) return user_error(errc::invalid_argument, "muted is yes or no");
    Q_EMIT muteWanted(m_actor, text == latin(yes));
    return Edit{};
  }
  const auto when = text.trimmed();
  if (when.isEmpty() || when == latin(noBreak)) {
    Q_EMIT breakWanted(row.wire, std::nullopt);
  } else {
    Q_EMIT breakWanted(row.wire, when == latin(everyRecord) ? QString{} : when);
  }
  return Edit{};
}

result<Edit> DetailModel::change(const Row& row, const QString& text) {
  if (row.kind == Row::Kind::Setting) {
    auto changed = m_document->spec();
    if (auto ok = settingField(row.name.c_str()).take(changed, text); !ok) return ok.error();
    auto edit = m_document->edit();
    edit.rename(changed.name);
    edit.changeSettings(changed.settings);
    return edit.take(settingField(row.name.c_str()).label);
  }
  if (spec() == nullptr) return user_error(errc::not_found, "the actor is gone");
  switch (row.kind) {
    case Row::Kind::Param: {
      const auto* p = param(row);
      if (p == nullptr) return user_error(errc::not_found, "the engine does not know this parameter");
      if (p->isSecret && text == latin(masked_value)) return Edit{};  // as it was shown: nobody typed another
      const auto parsed = parseValue(*p, text);
      if (!parsed) return parsed.error();
      return parameterChange(*m_document, m_actor, row.name, *parsed);
    }
    case Row::Kind::Policy:
      return policyChange(*m_document, m_actor, row.name.c_str(), text);
    case Row::Kind::Supervision:
      return supervision(*m_document, {m_actor}, toStd(text.trimmed()));
    case Row::Kind::GroupPolicy: {
      const auto* group = m_document->spec().group_of(m_actor);
      if (group == nullptr) return user_error(errc::not_found, "it is in no supervision group");
      return groupPolicyChange(*m_document, group->name, row.name.c_str(), text);
    }
    case Row::Kind::Nodes:
      return nodesChange(text);
    default:
      return steer(row, text);
  }
}

bool DetailModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
  const Row row = m_rows[static_cast<std::size_t>(index.row())];
  auto edit = change(row, value.toString());
  if (!edit) {
    Q_EMIT refused(toQt(edit.error().message));
    return false;
  }
  m_document->push(*std::move(edit));
  return true;
}

}  // namespace millrace::workbench
