import { webdavServerContract } from '../contract/webdav-server.contract.js';
import { RCLONE } from '../support/webdav-server.js';

webdavServerContract(RCLONE);
