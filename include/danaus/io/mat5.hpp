#pragma once

#include <danaus/io/array_type.hpp>

#include <filesystem>
#include <map>

namespace danaus::io {

/// Reads the numeric arrays of a MATLAB 5 to 7.2 file (little-endian, elements compressed or not).
/// Format: "MAT-File Format", The MathWorks, chapter 1.
///
/// Cells, structures, text and sparse matrices are passed over. Every size is checked against the bytes that
/// are there before memory is taken. An array is read whole: the format keeps the first axis, the samples,
/// fastest.
class Mat5Reader {
 public:
  /// @throws MissingInputError; DataError if the file is not of this kind or is damaged
  explicit Mat5Reader(const std::filesystem::path& path);

  /// Whether the file begins like one.
  static bool recognizes(const std::filesystem::path& path);

  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return variables_.count(name) != 0; }
  /// Shape in MATLAB's order of axes: (rows, columns, ...).
  ArrayInfo info(const std::string& name) const;

  /// The whole array as it lies in the file, the first axis fastest. Complex parts are interleaved. T: float,
  /// double (real arrays) or complex.
  template <class T>
  std::vector<T> read_column_major(const std::string& name) const;

 private:
  struct Variable {
    ArrayInfo info;
    std::uint64_t offset = 0, bytes = 0;  // of the element's content in the file
    bool compressed = false;
  };

  [[noreturn]] void fail(const std::string& what) const;
  void index();
  const Variable& variable(const std::string& name) const;

  std::filesystem::path path_;
  std::map<std::string, Variable> variables_;
};

}  // namespace danaus::io
