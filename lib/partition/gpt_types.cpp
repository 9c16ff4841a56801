// SPDX-License-Identifier: GPL-3.0-or-later
// The partition types of GPTs that are met on servers and PCs, in the words of sfdisk.
#include "gpt.hpp"

#include <algorithm>
#include <iterator>

namespace xenlab::partition {
namespace {

struct Name {
    std::string_view guid;
    std::string_view name;
};

constexpr Name names[] = {
    {"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI System"},
    {"024DEE41-33E7-11D3-9D69-0008C781F39F", "MBR partition scheme"},
    {"21686148-6449-6E6F-744E-656564454649", "BIOS boot"},
    {"9E1A2D38-C612-4316-AA26-8B49521E5A8B", "PowerPC PReP boot"},
    {"E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Microsoft reserved"},
    {"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "Microsoft basic data"},
    {"5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "Microsoft LDM metadata"},
    {"AF9B60A0-1431-4F62-BC68-3311714A69AD", "Microsoft LDM data"},
    {"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "Windows recovery environment"},
    {"37AFFC90-EF7D-4E96-91C3-2D7AE055B174", "IBM General Parallel Fs"},
    {"E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "Microsoft Storage Spaces"},
    {"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"},
    {"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux filesystem"},
    {"3B8F8425-20E0-4F3B-907F-1A25A76F98E8", "Linux server data"},
    {"44479540-F297-41B2-9AF7-D131D5F0458A", "Linux root (x86)"},
    {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "Linux root (x86-64)"},
    {"69DAD710-2CE4-4E3C-B16C-21A1D49ABED3", "Linux root (ARM)"},
    {"B921B045-1DF0-41C3-AF44-4C6F280D3FAE", "Linux root (ARM-64)"},
    {"8DA63339-0007-60C0-C436-083AC8230908", "Linux reserved"},
    {"933AC7E1-2EB4-4F13-B844-0E14E2AEF915", "Linux home"},
    {"A19D880F-05FC-4D3B-A006-743F0F84911E", "Linux RAID"},
    {"E6D6D379-F507-44C2-A23C-238F2A3DF928", "Linux LVM"},
    {"4D21B016-B534-45C2-A9FB-5C16E091FD2D", "Linux variable data"},
    {"7EC6F557-3BC5-4ACA-B293-16EF5DF639D1", "Linux temporary data"},
    {"75250D76-8CC6-458E-BD66-BD47CC81A812", "Linux /usr (x86)"},
    {"8484680C-9521-48C6-9C11-B0720656F69E", "Linux /usr (x86-64)"},
    {"7D0359A3-02B3-4F0A-865C-654403E70625", "Linux /usr (ARM)"},
    {"B0E01050-EE5F-4390-949A-9101B17104E9", "Linux /usr (ARM-64)"},
    {"BC13C2FF-59E6-4262-A352-B275FD6F7172", "Linux extended boot"},
    {"773F91EF-66D4-49B5-BD83-D683BF40AD16", "Linux user's home"},
    {"516E7CB4-6ECF-11D6-8FF8-00022D09712B", "FreeBSD data"},
    {"83BD6B9D-7F41-11DC-BE0B-001560B84F0F", "FreeBSD boot"},
    {"516E7CB5-6ECF-11D6-8FF8-00022D09712B", "FreeBSD swap"},
    {"516E7CB6-6ECF-11D6-8FF8-00022D09712B", "FreeBSD UFS"},
    {"516E7CBA-6ECF-11D6-8FF8-00022D09712B", "FreeBSD ZFS"},
    {"516E7CB8-6ECF-11D6-8FF8-00022D09712B", "FreeBSD Vinum"},
    {"48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS/HFS+"},
    {"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"},
    {"55465300-0000-11AA-AA11-00306543ECAC", "Apple UFS"},
    {"52414944-0000-11AA-AA11-00306543ECAC", "Apple RAID"},
    {"52414944-5F4F-11AA-AA11-00306543ECAC", "Apple RAID offline"},
    {"426F6F74-0000-11AA-AA11-00306543ECAC", "Apple boot"},
    {"53746F72-6167-11AA-AA11-00306543ECAC", "Apple Core storage"},
    {"6A82CB45-1DD2-11B2-99A6-080020736631", "Solaris boot"},
    {"6A85CF4D-1DD2-11B2-99A6-080020736631", "Solaris root"},
    {"6A898CC3-1DD2-11B2-99A6-080020736631", "Solaris /usr & Apple ZFS"},
    {"6A87C46F-1DD2-11B2-99A6-080020736631", "Solaris swap"},
    {"6A8EF2E9-1DD2-11B2-99A6-080020736631", "Solaris /var"},
    {"AA31E02A-400F-11DB-9590-000C2911D1B8", "VMware VMFS"},
    {"9D275380-40AD-11DB-BF97-000C2911D1B8", "VMware Diagnostic"},
    {"381CFCCC-7288-11E0-92EE-000C2911D0B2", "VMware Virtual SAN"},
    {"9198EFFC-31C0-11DB-8F78-000C2911D1B8", "VMware Reserved"},
    {"824CC7A0-36A8-11E3-890A-952519AD3F61", "OpenBSD data"},
    {"49F48D32-B10E-11DC-B99B-0019D1879648", "NetBSD swap"},
    {"49F48D5A-B10E-11DC-B99B-0019D1879648", "NetBSD FFS"},
    {"49F48D82-B10E-11DC-B99B-0019D1879648", "NetBSD LFS"},
    {"2DB519C4-B10F-11DC-B99B-0019D1879648", "NetBSD concatenated"},
    {"2DB519EC-B10F-11DC-B99B-0019D1879648", "NetBSD encrypted"},
    {"49F48DAA-B10E-11DC-B99B-0019D1879648", "NetBSD RAID"},
};

} // namespace

std::string_view type_name(std::string_view guid)
{
    const auto* at = std::find_if(std::begin(names), std::end(names),
                                  [&](const Name& n) { return n.guid == guid; });
    return at != std::end(names) ? at->name : std::string_view{};
}

} // namespace xenlab::partition
