#pragma once

#include <QDialog>

#include "core/crash_journal.hpp"

namespace millrace::workbench {

/// Offers lost work back, with what differs from the file. Accepted: restore. Rejected with `isDiscarded`: throw away;
/// otherwise ask again at the next start. Thread: GUI.
class RecoveryDialog final : public QDialog {
  Q_OBJECT

public:
  RecoveryDialog(const LostWork& work, QWidget* parent);
  /// `lines`: what would come back of the work of that name.
  RecoveryDialog(const QString& name, const QDateTime& written, const QStringList& lines, QWidget* parent);
  [[nodiscard]] bool isDiscarded() const noexcept { return m_isDiscarded; }

  /// What would come back, line by line.
  [[nodiscard]] static QStringList difference(const LostWork& work);

private:
  bool m_isDiscarded = false;
};

}  // namespace millrace::workbench
