#pragma once

#include <string>
#include <vector>

namespace danaus::app {

/// Text made safe inside HTML, attributes included.
std::string html_escaped(const std::string& text);

/// One self-contained HTML file: style inside, no scripts, nothing fetched. Light and dark by the reader's
/// system.
class HtmlPage {
 public:
  explicit HtmlPage(const std::string& title) : title_(title) {}

  /// The functions append; `text` arguments are escaped, `html` ones are not.
  void subtitle(const std::string& text);
  void heading(const std::string& text);
  void subheading(const std::string& text);
  void paragraph(const std::string& text);
  /// @param numeric  from this column on, cells are aligned right
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
             size_t numeric = 1);
  void raw(const std::string& html) { body_ += html; }

  std::string html() const;

 private:
  std::string title_, body_;
};

}  // namespace danaus::app
