#pragma once

#include <QIcon>
#include <QStyledItemDelegate>

#include "core/figures.hpp"

namespace millrace::workbench {

/// The glyph of a health in the present theme, for lists and the status bar.
[[nodiscard]] QIcon healthIcon(Health health);

/// Puts that glyph before the text of cells whose model gives a health under `role`.
class HealthDelegate final : public QStyledItemDelegate {
public:
  HealthDelegate(int role, QObject* parent) : QStyledItemDelegate{parent}, m_role{role} {}

protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

private:
  int m_role;
};

}  // namespace millrace::workbench
