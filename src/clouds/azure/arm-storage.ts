/** What is asked of Azure's management plane about storage accounts: its whole client is ten times as large. */
export { createStorageManagement, type StorageManagementContext } from '@azure/arm-storage/api';
export { getServiceProperties } from '@azure/arm-storage/api/blobServices';
export { get as getManagementPolicy } from '@azure/arm-storage/api/managementPolicies';
export { list as listAccounts } from '@azure/arm-storage/api/storageAccounts';
