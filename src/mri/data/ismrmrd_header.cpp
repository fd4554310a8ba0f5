#include <mri/data/ismrmrd_header.hpp>

#include <danaus/core/error.hpp>

#include <charconv>

namespace danaus::mri::detail {

namespace {

/// The text between <name ...> and </name> within a piece of XML, the first of that name; empty if there is
/// none. Namespace prefixes are allowed before names.
class Element {
 public:
  Element(std::string text, std::string path, std::string file)
      : text_(std::move(text)), path_(std::move(path)), file_(std::move(file)) {}

  std::optional<Element> find(const std::string& name) const {
    for (size_t open = text_.find('<'); open != std::string::npos; open = text_.find('<', open + 1)) {
      const size_t end = text_.find_first_of(" \t\r\n/>", open + 1);
      if (end == std::string::npos) return std::nullopt;
      const std::string tag = text_.substr(open + 1, end - open - 1);
      if (tag != name && !tag.ends_with(":" + name)) continue;
      const size_t first = text_.find('>', end);
      if (first == std::string::npos || text_[first - 1] == '/') return std::nullopt;
      const size_t last = text_.find("</" + tag + ">", first);
      if (last == std::string::npos)
        throw DataError(file_ + ": the XML header's <" + name + "> is not closed");
      return Element(text_.substr(first + 1, last - first - 1), path_ + "/" + name, file_);
    }
    return std::nullopt;
  }

  Element require(const std::string& name) const {
    if (auto found = find(name)) return *found;
    throw DataError(file_ + ": the XML header has no " + path_ + "/" + name);
  }

  template <class Number>
  Number number() const {
    const size_t first = text_.find_first_not_of(" \t\r\n"), last = text_.find_last_not_of(" \t\r\n");
    const std::string word = first == std::string::npos ? "" : text_.substr(first, last - first + 1);
    Number value{};
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (fault != std::errc() || end != word.data() + word.size() || !(double(value) >= 0) ||
        !(double(value) <= 1000000))
      throw DataError(file_ + ": the XML header's " + path_ +
                      ": expected a number from 0 to 1000000, found \"" + word + "\"");
    return value;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_, path_, file_;
};

}  // namespace

IsmrmrdHeader parse_ismrmrd_header(const std::string& xml, const std::string& file) {
  if (xml.find("<!DOCTYPE") != std::string::npos || xml.find("<!ENTITY") != std::string::npos)
    throw DataError(file + ": the XML header defines a document type or entities, which are not read");
  const Element encoding = Element(xml, "", file).require("ismrmrdHeader").require("encoding");
  IsmrmrdHeader header;
  const char* axes[] = {"x", "y", "z"};
  const Element encoded = encoding.require("encodedSpace"), reconstructed = encoding.require("reconSpace");
  for (size_t i = 0; i < 3; ++i) {
    header.encoded[i] = encoded.require("matrixSize").require(axes[i]).number<size_t>();
    header.reconstructed[i] = reconstructed.require("matrixSize").require(axes[i]).number<size_t>();
    header.field_mm[i] = reconstructed.require("fieldOfView_mm").require(axes[i]).number<double>();
    if (header.encoded[i] == 0 || header.reconstructed[i] == 0 || header.encoded[i] > 8192)
      throw DataError(file + ": the XML header's matrix sizes: expected 1 to 8192");
    if (!(header.field_mm[i] > 0))
      throw DataError(file + ": the XML header's field of view: expected positive lengths");
  }
  header.trajectory = encoding.require("trajectory").text();
  const auto centre = [&](const char* name) -> std::optional<size_t> {
    const auto limits = encoding.find("encodingLimits");
    const auto limit = limits ? limits->find(name) : std::nullopt;
    const auto value = limit ? limit->find("center") : std::nullopt;
    return value ? std::optional(value->number<size_t>()) : std::nullopt;
  };
  header.centre_1 = centre("kspace_encoding_step_1");
  header.centre_2 = centre("kspace_encoding_step_2");
  return header;
}

}  // namespace danaus::mri::detail
