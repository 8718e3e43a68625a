#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTimer>
#include <QTreeWidget>
#include <QWidget>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/breakpoints.hpp"
#include "engine/command_link.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// What goes over the selected wire: a live sample of at most 20 records a second that a filter lets through, the
/// newest 200 on show; Space holds it still. And breakpoints: stand before a record for which a condition holds, step,
/// go on. A tail is open while the panel is seen, and closed by the engine when nobody reads it for 10 s. Breakpoints
/// are kept in all topologies, whichever is in front. Thread: GUI.
class WirePanel final : public QWidget {
  Q_OBJECT

public:
  explicit WirePanel(QWidget* parent = nullptr);
  /// Empty name: nothing runs. Another wire: the tail of the one before is closed.
  void setWire(const std::string& topology, const std::optional<stream_spec>& wire);
  /// What runs in front, whatever is selected; empty: nothing does. Another one: as with another wire.
  void setTopology(const std::string& topology);
  void take(const Command& command);
  /// False: nobody answers at the moment, and nobody is asked.
  void setReachable(bool isReachable) { m_isReachable = isReachable; }
  /// Another engine: what that before had open and set is its own affair.
  void forget();
  /// Keeps the breakpoints that were set here for another lease; by itself every few seconds.
  void renew();
  /// Begins to look, or ends it.
  void setLooking(bool isLooking);
  void setHeld(bool isHeld);
  [[nodiscard]] bool isLooking() const { return m_look->isChecked(); }
  [[nodiscard]] bool isHeld() const { return m_hold->isChecked(); }
  /// On the wire on show; one with the same condition is taken away.
  void setBreakpoint();
  /// On any wire of what runs, in place of the one there. Nothing: it is to go. An empty condition: every record.
  void setBreakpointOn(const millrace::stream_spec& wire, const std::optional<QString>& when);
  [[nodiscard]] const BreakState& breaks() const noexcept { return m_state; }
  void step(bool isToNextHit);
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }
  [[nodiscard]] QString message() const { return m_message->text(); }

  static constexpr int rowsMax = 200;

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);
  /// Breakpoints, or tasks that stand at one, are others than before.
  void breaksChanged(const millrace::workbench::BreakState& breaks);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

private:
  struct Break {
    std::string topology;
    std::uint64_t id = 0;
    bool isRenewing = false;
  };
  void tick();
  void ask(const char* verb, nlohmann::json args, const QString& title);
  void close();
  void listBreaks();
  void takeTailAnswer(const Command& command);
  void takeBreakAnswer(const Command& command);
  void beginTail(const Command& command);
  void addSamples(const nlohmann::json& answer);
  void showBreaks(const nlohmann::json& answer);
  void setState(BreakState state);
  void showSetter();
  [[nodiscard]] QString breakpointsText() const;
  [[nodiscard]] bool hasBreaks() const;
  /// Whether the wire on show stands before what is asked for now.
  [[nodiscard]] bool isSet() const;

  std::string m_topology;
  std::optional<stream_spec> m_wire;
  std::optional<std::uint64_t> m_tail;
  BreakState m_state;               // as the engine told last of the topology in front
  std::vector<Break> m_breaks;      // set here, renewed as long as this panel lives
  std::set<std::string> m_listing;  // topologies whose breakpoints were asked for
  bool m_isReading = false, m_isReachable = true;
  QTimer m_tick, m_renew;
  QLabel* m_title;
  QLineEdit* m_filter;
  QPushButton* m_look;
  QPushButton* m_hold;
  QLineEdit* m_when;
  QPushButton* m_set;
  QTreeWidget* m_list;
  QLabel* m_message;
};

}  // namespace millrace::workbench
