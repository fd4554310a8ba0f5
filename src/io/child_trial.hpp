#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace danaus::io {

/// Does in a child process what may crash or never end: HDF5 follows lengths and addresses of values of
/// variable length without checking them, and a damaged file can crash it or send it round in circles
/// (1.10.8: H5HG_read).
///
/// @param work  runs in the child; may call allow_more_time()
/// @return what `work` returned
/// @throws DataError with the message of what `work` threw, or naming the file as damaged if the child died
std::string in_child(const std::filesystem::path& path, const std::function<std::string()>& work);

/// Within in_child: the child is killed this much later from now on.
void allow_more_time();

}  // namespace danaus::io
